// Download a file, {name, type, base64}, from the page itself, so that none is left on the server.
watch('value', () => {
  if (!props.value) return;
  const file = JSON.parse(props.value);
  const bytes = Uint8Array.from(atob(file.base64), character => character.charCodeAt(0));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type: file.type }));
  link.download = file.name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
