import { mount } from 'svelte';
import '../../shared/app.css';
import App from './App.svelte';

mount(App, { target: document.getElementById('app')! });
