using System.ComponentModel.DataAnnotations;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Queues;

/// <summary>The operator's calls about queues: pause, resume, and change of limits.</summary>
internal static class QueueControlEndpoints
{
    public static void MapQueueControls(this IEndpointRouteBuilder api)
    {
        var queues = api.MapGroup("/queues").WithTags("Queues");
        queues.MapPost("{queue}/pause", PauseFromBody).Reads<QueueReasonRequest>().Refuses(StatusCodes.Status404NotFound)
            .Describes<QueueControlReport>(
                "Operator: pause a queue; workers get no new tasks from it, while submissions, failures and completions go on");
        queues.MapPost("{queue}/resume", ResumeFromBody).Reads<QueueReasonRequest>().Refuses(StatusCodes.Status404NotFound)
            .Describes<QueueControlReport>("Operator: end the pause of a queue");
        queues.MapGet("{queue}/limits", Get).Refuses(StatusCodes.Status404NotFound)
            .Describes<QueueControlReport>("Get the limits of a queue, the configured ones and those in force, and whether it is paused");
        queues.MapPost("{queue}/limits", SetLimitsFromBody).Reads<QueueLimitsRequest>().Refuses(StatusCodes.Status404NotFound)
            .Describes<QueueControlReport>(
                "Operator: change limits of a queue; they take precedence over the configuration until they are reset");
    }

    private static async Task<IResult> PauseFromBody(HttpContext context, FailoverGateway gateway, string queue) =>
        await Pause(context, gateway, queue, await JsonBody.Read<QueueReasonRequest>(context));

    /// <summary>Pauses a queue.</summary>
    internal static Task<IResult> Pause(HttpContext context, FailoverGateway gateway, string queue, QueueReasonRequest request)
    {
        var name = Rules.Id<QueueName>(queue, "queue");
        return Ask(context, gateway, new PauseQueue
        {
            Queue = name,
            Reason = Rules.Reason(request.Reason),
            By = context.CallerName(),
        });
    }

    private static async Task<IResult> ResumeFromBody(HttpContext context, FailoverGateway gateway, string queue) =>
        await Resume(context, gateway, queue, await JsonBody.Read<QueueReasonRequest>(context));

    /// <summary>Ends the pause of a queue.</summary>
    internal static Task<IResult> Resume(HttpContext context, FailoverGateway gateway, string queue, QueueReasonRequest request)
    {
        var name = Rules.Id<QueueName>(queue, "queue");
        return Ask(context, gateway, new ResumeQueue
        {
            Queue = name,
            Reason = Rules.Reason(request.Reason),
            By = context.CallerName(),
        });
    }

    private static Task<IResult> Get(HttpContext context, FailoverGateway gateway, string queue) =>
        Ask(context, gateway, new GetQueueControl { Queue = Rules.Id<QueueName>(queue, "queue") });

    private static async Task<IResult> SetLimitsFromBody(HttpContext context, FailoverGateway gateway, string queue) =>
        await SetLimits(context, gateway, queue, await JsonBody.Read<QueueLimitsRequest>(context));

    /// <summary>Changes limits of a queue.</summary>
    internal static Task<IResult> SetLimits(HttpContext context, FailoverGateway gateway, string queue, QueueLimitsRequest request)
    {
        var name = Rules.Id<QueueName>(queue, "queue");
        return Ask(context, gateway, new SetQueueLimits
        {
            Queue = name,
            Limits = new QueueLimits
            {
                PerWorker = request.PerWorker,
                Weight = request.Weight,
                TimeoutSeconds = request.TimeoutSeconds,
                UnservedAfterSeconds = request.UnservedAfterSeconds,
            },
            Reset = [.. Rules.AtMost(request.Reset, Enum.GetValues<QueueLimit>().Length, "reset")],
            Reason = Rules.Reason(request.Reason),
            By = context.CallerName(),
        });
    }

    private static async Task<IResult> Ask(HttpContext context, FailoverGateway gateway, IWireMessage message) =>
        Answer.Ok(await gateway.AskQueues<QueueControlReport>(message, context.RequestAborted));
}

/// <summary>An operator pauses or resumes a queue.</summary>
internal sealed record QueueReasonRequest
{
    /// <summary>The reason. Required.</summary>
    [Required]
    public string? Reason { get; init; }
}

/// <summary>An operator changes limits of a queue. Limits that are not given stay as they are.</summary>
internal sealed record QueueLimitsRequest
{
    /// <summary>How many of the queue's tasks one worker may hold, 1 to 10000.</summary>
    public int? PerWorker { get; init; }

    /// <summary>The queue's share when a worker serves several queues, above 0 and at most 1000.</summary>
    public double? Weight { get; init; }

    /// <summary>How long a lease lasts, in seconds, 1 to 2592000. A task's own timeout takes precedence.</summary>
    public double? TimeoutSeconds { get; init; }

    /// <summary>How long tasks wait for an available worker before they move to the next queue, in seconds, 1 to 2592000.</summary>
    public double? UnservedAfterSeconds { get; init; }

    /// <summary>The limits that follow the configuration again.</summary>
    public QueueLimit[]? Reset { get; init; }

    /// <summary>The reason. Required.</summary>
    [Required]
    public string? Reason { get; init; }
}
