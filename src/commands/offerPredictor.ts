import * as vscode from 'vscode';
import type { Session } from '../editor/session.ts';
import { showFailure } from './plan.ts';

/**
 * Asks, once for each cluster, whether it is to use a predictor that is not its own; asks again at the next opening where
 * the question was only closed.
 */
export const offerPredictor = (session: Session) => async () => {
  try {
    const offer = await session.predictorOffer();
    if (!offer) return;
    const { text, use, keep } = offer.question;
    const choice = await vscode.window.showInformationMessage(text, use, keep);
    if (choice !== undefined) await session.answerOffer(offer, choice === use);
  } catch (error) {
    showFailure(error);
  }
};
