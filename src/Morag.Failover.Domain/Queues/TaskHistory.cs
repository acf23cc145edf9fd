using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>A task's history. When it is full, entries from the middle make room.</summary>
internal static class TaskHistory
{
    public const string Submitted = "submitted";
    public const string Leased = "leased";
    public const string LeaseEnded = "lease_ended";
    public const string Reassigned = "reassigned";
    public const string PinEnded = "pin_ended";
    public const string Completed = "completed";
    public const string Released = "released";
    public const string Parked = "parked";
    public const string Unparked = "unparked";
    public const string Requeued = "requeued";
    public const string Reprioritized = "reprioritized";
    public const string Moved = "moved";
    public const string Cancelled = "cancelled";
    public const string LateResult = "late_result";
    public const string LateFailure = "late_failure";
    public const string LateExtension = "late_extension";
    public const string LateRelease = "late_release";
    public const string Extended = "extended";

    /// <summary>The longest detail, in characters. The failure itself keeps the full text.</summary>
    private const int LongestDetail = 500;

    /// <summary>Adds an entry. If the history is full, an entry from the middle makes room.</summary>
    public static ImmutableArray<TaskHistoryEntry> With(
        this ImmutableArray<TaskHistoryEntry> history,
        int kept,
        DateTimeOffset at,
        string what,
        WorkerId? worker = null,
        LeaseEpoch? epoch = null,
        string? detail = null)
    {
        var entry = new TaskHistoryEntry { At = at, What = what, WorkerId = worker, Epoch = epoch, Detail = Short(detail) };
        return (history.Length < kept ? history : history.RemoveAt(kept / 2)).Add(entry);
    }

    private static string? Short(string? detail) => detail is null || detail.Length <= LongestDetail
        ? detail
        : $"{detail[..(char.IsHighSurrogate(detail[LongestDetail - 1]) ? LongestDetail - 1 : LongestDetail)]}…";
}
