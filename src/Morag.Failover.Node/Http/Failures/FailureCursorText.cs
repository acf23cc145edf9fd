using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Failures;

/// <summary>Encodes a position in the list of failures as an opaque text for <c>after</c>.</summary>
internal static class FailureCursorText
{
    public static string Of(FailoverDecision last) => Of(last.FailureEvent.OccurredAt, last.DecisionMetadata.FailureId.Value);

    public static string Of(ListedStaleReport last) => Of(last.At, last.TaskId.Value);

    public static StaleReportCursor? ParseStale(string? text) =>
        Parse(text) is { } place ? new StaleReportCursor { At = place.OccurredAt, TaskId = new TaskId(place.FailureId.Value) } : null;

    public static FailureCursor? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return text.Length <= 512
            && Base64Url.IsValid(text)
            && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(' ', 2) is [var ticks, var failure]
            && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            && at <= DateTimeOffset.MaxValue.UtcTicks
            && failure.Length > 0
                ? new FailureCursor { OccurredAt = new DateTimeOffset(at, TimeSpan.Zero), FailureId = new FailureId(failure) }
                : throw ProblemException.Invalid("after", "must be taken from the Link header of the previous page");
    }

    private static string Of(DateTimeOffset at, string id) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{at.UtcTicks} {id}")));
}
