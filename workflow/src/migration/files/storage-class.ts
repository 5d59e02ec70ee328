/**
 * @module
 * Which objects cannot be read before somebody asks for them: the archive tiers of S3.
 */

const archives = new Set(["GLACIER", "DEEP_ARCHIVE"]);

/** Whether a listing says that an object is in an archive; it may have been restored meanwhile. */
export function isArchived(storageClass: string): boolean {
  return archives.has(storageClass);
}

/** Whether an object cannot be read now. */
export function isAsleep(head: {
  readonly storageClass: string;
  readonly archiveStatus: string | undefined;
  readonly restore: string | undefined;
}): boolean {
  if (head.archiveStatus !== undefined) return true;
  return isArchived(head.storageClass) && !/ongoing-request="false"/.test(head.restore ?? "");
}

/** What to do about it. */
export function asleepSentence(head: {
  readonly storageClass: string;
  readonly archiveStatus: string | undefined;
}): string {
  return `It is in the archive tier ${head.archiveStatus ?? head.storageClass}: ask for a restore (aws s3api restore-object), wait until it is done, and run again.`;
}
