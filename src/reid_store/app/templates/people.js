// Report a click (or Enter) on a person to the server, and keep the keyboard focus when the element is drawn again.
element.addEventListener('click', event => {
  const person = event.target.closest('[data-detection]');
  if (!person) return;
  element.dataset.last = person.dataset.detection;
  trigger('click', { detection: Number(person.dataset.detection) });
  if (person.closest('.reid-matches')) {
    document.querySelector('.reid-frame')?.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  }
});
watch('value', () => {
  const last = element.dataset.last;
  if (last && document.activeElement === document.body) {
    element.querySelector(`[data-detection="${Number(last)}"]`)?.focus({ preventScroll: true });
  }
});
