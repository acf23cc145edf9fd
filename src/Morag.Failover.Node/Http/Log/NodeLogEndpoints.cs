using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Threading.Channels;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Owners;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Audit;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;
using Morag.Failover.Node.Http.Streams;
using Morag.Failover.Node.Inspection;

namespace Morag.Failover.Node.Http.Log;

/// <summary>
/// <c>/log</c>: the log of any node as it grows, and its level. A log can hold what readers may not see, so operators alone may read it.
/// </summary>
internal static class NodeLogEndpoints
{
    private const int DefaultLast = 20;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    public static void MapNodeLog(this IEndpointRouteBuilder api)
    {
        var log = api.MapGroup("/log").WithTags("Log").WithMetadata(new CallAccess());
        log.MapGet("", Tail).DescribesStream(
            "Operator: server-sent events: the newest entries of a node's log, and then each entry as it is logged");
        log.MapGet("level", Levels).Describes<NodeLogLevel[]>("Operator: the level of the log of each node");
        log.MapPost("level", Change).Reads<LogLevelRequest>().Refuses(StatusCodes.Status503ServiceUnavailable)
            .Describes<NodeLogLevel>(
            "Operator: change the level of a node's log for a time, or until it stops");
    }

    private static async Task<IResult> Levels(HttpContext context, NodeInspectors nodes, string? node)
    {
        var answers = await nodes.AskEachAsync<NodeLogLevel>(nodes.FindOrAll(node), new GetNodeLogLevel(), context.RequestAborted);
        return Answer.Ok(answers.Select(answer => answer.Answer ?? new NodeLogLevel
        {
            Node = NodeInspectors.NameOf(answer.Member),
            Problem = Silent(),
        }).ToArray());
    }

    private static async Task<IResult> Change(HttpContext context, NodeInspectors nodes, OperatorAudit audit)
    {
        var request = await JsonBody.Read<LogLevelRequest>(context);
        var member = nodes.Find(Rules.Required(request.Node, "node"));
        var set = new SetNodeLogLevel
        {
            Level = Rules.Required(request.Level, "level"),
            For = request.ForSeconds is { } seconds ? Rules.Seconds(seconds, 1, LogLevelRequest.MaxSeconds, "for_seconds") : null,
            Reason = Rules.Reason(request.Reason),
            By = context.CallerName(),
        };
        var name = NodeInspectors.NameOf(member);
        if (await nodes.AskAsync<NodeLogLevel>(member, new GetNodeLogLevel(), context.RequestAborted) is not { Level: { } before })
        {
            throw new ProblemException(Problem.Unavailable($"the node {name} {Silent()}"));
        }

        await audit.RecordAsync(context, AuditAction.LogLevel, name, set.Reason, WireName.Of(before), WireName.Of(set.Level));
        return Answer.Ok(await nodes.AskAsync<NodeLogLevel>(member, set, context.RequestAborted)
            ?? throw new ProblemException(Problem.Unavailable($"the node {name} {Silent()}")));
    }

    private static string Silent() => FormattableString.Invariant($"did not answer within {NodeInspectors.AnswerTimeout.TotalSeconds} s");

    private static async Task Tail(
        HttpContext context, FailoverGateway gateway, NodeInspectors nodes, string? node, string? level, string? lines, string? once)
    {
        var member = nodes.Find(string.IsNullOrEmpty(node) ? NodeInspectors.Self : node);
        var (run, after) = Position(context.Request.Headers[ServerSentEvent.LastIdHeader].ToString());
        var first = new GetNodeLog
        {
            Least = Rules.OptionalEnum<LogSeverity>(level, "level") ?? LogSeverity.Debug,
            Run = run,
            After = after,
            Last = Rules.OptionalNumber(lines, 0, NodeLogPage.MaxLines, DefaultLast, "lines"),
        };
        var ends = Rules.Flag(once, "once");
        var stream = Channel.CreateBounded<ServerSentEvent>(NodeLogPage.MaxLines);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, gateway.Stopping);
        var following = FollowAsync(
            new NodeLogReader(request => nodes.AskAsync<NodeLogPage>(member.Address, request, over.Token), first),
            stream.Writer,
            ends,
            over.Token);
        await new ServerSentEvents(context, gateway).Write(stream.Reader);
        await over.CancelAsync();
        await following;
    }

    /// <summary>The run and the number in the id of the last entry that a reader has; zeros for none.</summary>
    private static (long Run, long Number) Position(string id)
    {
        var parts = id.Split('-');
        return parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var run)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? (run, number)
                : (0, 0);
    }

    /// <summary>Reads the log until it is cancelled. Never throws: what goes wrong ends the stream.</summary>
    private static async Task FollowAsync(NodeLogReader log, ChannelWriter<ServerSentEvent> stream, bool once, CancellationToken over)
    {
        try
        {
            using var timer = new PeriodicTimer(Interval);
            do
            {
                // A node that logs much must not outrun a reader that could keep up.
                do
                {
                    foreach (var line in await log.NextAsync())
                    {
                        await stream.WriteAsync(line, over);
                    }
                }
                while (log.HasMore && !once);
            }
            while (!once && await timer.WaitForNextTickAsync(over));
            await stream.WriteAsync(ServerSentEvent.End, over);
            stream.TryComplete();
        }
        catch (OperationCanceledException)
        {
            stream.TryComplete();
        }
#pragma warning disable CA1031 // The reader of the stream gets it.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            stream.TryComplete(failure);
        }
    }
}

/// <summary>An operator changes the level of a node's log.</summary>
internal sealed record LogLevelRequest
{
    /// <summary>The longest time.</summary>
    public const int MaxSeconds = 7 * 86_400;

    /// <summary>The node: its address, its host and port, the URL of its HTTP API, or <c>self</c>. Required.</summary>
    [Required]
    public string? Node { get; init; }

    /// <summary>The level. Required.</summary>
    [Required]
    public LogSeverity? Level { get; init; }

    /// <summary>Seconds until the configured level comes back, 1 to 604800; null until the node stops.</summary>
    public double? ForSeconds { get; init; }

    /// <summary>The reason. Required.</summary>
    [Required]
    public string? Reason { get; init; }
}
