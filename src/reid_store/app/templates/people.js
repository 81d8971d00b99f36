// A click (or Enter) on a person tells the page which one. What is drawn anew keeps the keyboard where it was.
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
