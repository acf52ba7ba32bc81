import { provideVSCodeDesignSystem, vsCodeButton } from '@vscode/webview-ui-toolkit';

/** Registers the controls that the panel uses; the only place that knows where they come from. */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(vsCodeButton());
}
