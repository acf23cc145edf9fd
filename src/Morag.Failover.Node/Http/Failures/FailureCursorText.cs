using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Failures;

/// <summary>Encodes a position in the lists of failures as an opaque text for <c>after</c>.</summary>
internal static class FailureCursorText
{
    public static string Of(FailoverDecision last) => FailureCursor.Of(last).ToText();

    public static string Of(ListedStaleReport last) => StaleReportCursor.Of(last).ToText();

    public static FailureCursor? Parse(string? text) =>
        Place(text) is var (at, id) ? new FailureCursor { OccurredAt = at, FailureId = new FailureId(id) } : null;

    public static StaleReportCursor? ParseStale(string? text) =>
        Place(text) is var (at, id) ? new StaleReportCursor { At = at, TaskId = new TaskId(id) } : null;

    private static (DateTimeOffset At, string Id)? Place(string? text) => string.IsNullOrEmpty(text)
        ? null
        : PlaceText.Parse(text) ?? throw ProblemException.Invalid("after", "must be taken from the Link header of the previous page");
}
