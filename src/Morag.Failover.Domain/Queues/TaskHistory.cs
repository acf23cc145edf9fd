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

    /// <summary>Whether a detail stands for a text: it is the text, or its beginning if that was too long for the history.</summary>
    internal static bool StandsFor(string detail, string text) => StandsFor(detail.AsSpan(), text);

    /// <summary>Whether the description of a failure stands for its message. It begins with the type of the failure.</summary>
    internal static bool StandsForMessage(string description, string message) =>
        StandsFor(description, message)
        || (description.IndexOf(": ", StringComparison.Ordinal) is var type and >= 0
            && StandsFor(description.AsSpan(type + 2), message));

    private static bool StandsFor(ReadOnlySpan<char> detail, string text) =>
        detail.SequenceEqual(text)
        || (detail is [.., '…']
            && detail.Length > LongestDetail / 2
            && text.Length >= detail.Length
            && text.AsSpan().StartsWith(detail[..^1]));

    private static string? Short(string? detail) => detail is null || detail.Length <= LongestDetail
        ? detail
        : $"{detail[..(char.IsHighSurrogate(detail[LongestDetail - 1]) ? LongestDetail - 1 : LongestDetail)]}…";
}
