using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Audit;

/// <summary>What operators did.</summary>
internal static class AuditEndpoints
{
    public static void MapAudit(this IEndpointRouteBuilder api) => api.MapGet("/audit", List)
        .WithTags("Audit")
        .CanBeIncomplete()
        .Describes<AuditEntry[]>(
            "List what operators did, newest first, paged; filter by operator, action, target and time; format=csv for a table");

    private static async Task<IResult> List(
        HttpContext context,
        FailoverGateway gateway,
        string? by,
        string? action,
        string? target,
        string? since,
        string? until,
        string? format,
        string? limit,
        string? after)
    {
        var wanted = new ListAudit
        {
            Partition = 0,
            By = Text(by, "by"),
            Action = Rules.OptionalEnum<AuditAction>(action, "action"),
            Target = Text(target, "target"),
            Since = Rules.OptionalTime(since, "since"),
            Until = Rules.OptionalTime(until, "until"),
        };
        var (entries, next) = await ReadPage(context, gateway, wanted, limit, after);
        var page = Answer.Page(context, entries, next);
        return FileOf(format, entries) ?? page;
    }

    /// <summary>One page of what operators did over all coordinators, newest first, and where the next one begins.</summary>
    internal static async Task<(List<AuditEntry> Entries, string? Next)> ReadPage(
        HttpContext context, FailoverGateway gateway, ListAudit wanted, string? limit, string? after)
    {
        var most = Rules.Limit(limit);
        var from = CursorOf(after);
        var (entries, hasMore) = await Pages.First<AuditEntry>(
            most,
            gateway.Settings.Partitions.Coordinators,
            NewestFirst,
            async perCoordinator =>
            {
                var pages = await gateway.AskEveryCoordinator<AuditPage>(
                    context, partition => wanted with { Partition = partition, After = from, Limit = perCoordinator });
                return [.. pages.Select(page => (page.Entries, page.HasMore))];
            });
        return (entries, hasMore ? AuditCursor.Of(entries[^1]).ToText() : null);
    }

    /// <summary>The entries as a file; null if the call names no format.</summary>
    internal static IResult? FileOf(string? format, IReadOnlyList<AuditEntry> entries) => TableFile.Of(
        format,
        "audit",
        entries,
        ("at", entry => entry.At),
        ("by", entry => entry.By),
        ("action", entry => entry.Action),
        ("target", entry => entry.Target),
        ("reason", entry => entry.Reason),
        ("before", entry => entry.Before),
        ("after", entry => entry.After),
        ("id", entry => entry.Id));

    internal static string? Text(string? value, string field) =>
        string.IsNullOrEmpty(value) ? null : Rules.Text(value, CallLimits.MaxReasonBytes, field);

    private static AuditCursor? CursorOf(string? after) => string.IsNullOrEmpty(after)
        ? null
        : PlaceText.Parse(after) is var (at, id)
            ? new AuditCursor { At = at, Id = id }
            : throw ProblemException.Invalid("after", "must be taken from the Link header of the previous page");

    private static int NewestFirst(AuditEntry a, AuditEntry b) =>
        b.At.CompareTo(a.At) is not 0 and var byTime ? byTime : string.CompareOrdinal(b.Id, a.Id);
}
