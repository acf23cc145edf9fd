using System.ComponentModel.DataAnnotations;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Tasks;

/// <summary>Bulk actions on the tasks that match a filter.</summary>
internal static class BulkEndpoints
{
    private const int SampleSize = 100;

    public static void MapBulk(this IEndpointRouteBuilder api)
    {
        var bulk = api.MapGroup("/bulk").WithTags("Bulk");
        bulk.MapPost("", Run).Reads<BulkRequest>().CanBeIncomplete().Describes<BulkAnswer>(
            "Operator: requeue, cancel, prioritize or move every task that matches a filter");
        bulk.MapGet("{id}", Get).CanBeIncomplete().Describes<BulkReport>("Get how many tasks a bulk action has changed");
        bulk.MapPost("{id}/undo", Undo).Reads<UndoBulkRequest>().CanBeIncomplete().Describes<BulkAnswer>(
            "Operator: give tasks back the priority or queue that they had before a bulk action");
    }

    private static async Task<IResult> Run(HttpContext context, FailoverGateway gateway, SteadyClock clock)
    {
        var request = await JsonBody.Read<BulkRequest>(context, unknownFields: UnknownFields.Rejected);
        var dryRun = request.DryRun ?? false;
        var order = new BulkOrder
        {
            Id = request.Id ?? NewId(),
            Kind = Rules.Required(request.Action, "action"),
            Filter = Rules.Required(request.Filter, "filter"),
            Reason = dryRun && request.Reason is null ? "" : Rules.Reason(request.Reason),
            By = context.CallerName(),
            Priority = request.Priority is { IsNull: false } priority ? PriorityRules.Parse(priority, "priority") : null,
            Queue = QueueRules.OptionalKnown(request.Queue, gateway.Settings.Queues, "queue"),
        };
        var wanted = new ChangeTasks { Partition = 0, Order = order, At = clock.GetUtcNow(), DryRun = dryRun };
        return order.Kind == BulkKind.Undo
            ? throw ProblemException.Invalid("action", "undo has a call of its own: POST /api/v1/bulk/{id}/undo")
            : Answer.Ok(await ChangeAsync(context, gateway, wanted));
    }

    private static async Task<IResult> Undo(HttpContext context, FailoverGateway gateway, SteadyClock clock, string id)
    {
        var undone = Rules.Id<RequestId>(id, "id");
        var request = await JsonBody.Read<UndoBulkRequest>(context, unknownFields: UnknownFields.Rejected);
        var order = new BulkOrder
        {
            Id = request.Id ?? NewId(),
            Kind = BulkKind.Undo,
            Filter = FilterOf(undone),
            Reason = Rules.Reason(request.Reason),
            By = context.CallerName(),
            Undoes = undone,
        };
        var wanted = new ChangeTasks { Partition = 0, Order = order, At = clock.GetUtcNow() };
        return Answer.Ok(await ChangeAsync(context, gateway, wanted));
    }

    private static async Task<IResult> Get(HttpContext context, FailoverGateway gateway, SteadyClock clock, string id)
    {
        var bulk = Rules.Id<RequestId>(id, "id");
        var marked = new SearchTasks { Partition = 0, Filter = FilterOf(bulk), At = clock.GetUtcNow() };
        return Answer.Ok(new BulkReport { Id = bulk, Changed = await SearchEndpoints.CountOf(context, gateway, marked) });
    }

    /// <summary>Carries out a bulk action, or counts what it would change.</summary>
    /// <exception cref="ProblemException">The action is invalid, or an owner refused it or did not answer in time.</exception>
    internal static async Task<BulkAnswer> ChangeAsync(HttpContext context, FailoverGateway gateway, ChangeTasks wanted)
    {
        if (BulkChanges.Refusal(wanted, gateway.Settings.Queues) is { } refused)
        {
            throw new ProblemException(Problem.Of(refused));
        }

        var parts = await gateway.AskEveryQueue<TasksAffected>(context, partition => wanted with { Partition = partition });
        return new BulkAnswer
        {
            Id = wanted.Order.Id,
            Count = parts.Sum(part => part.Count),
            Sample = [.. parts.SelectMany(part => part.Sample).Take(SampleSize)],
        };
    }

    internal static RequestId NewId() => new(Guid.CreateVersion7().ToString("N"));

    /// <summary>The filter of the tasks that a bulk action has changed.</summary>
    internal static string FilterOf(RequestId bulk) => $"bulk:\"{bulk}\"";
}

/// <summary>A bulk action on every task that matches a filter.</summary>
internal sealed record BulkRequest
{
    /// <summary>
    /// The id of the action. Default: a new id. Repeating an action with its id changes no task twice, so a call whose outcome is unknown
    /// can be repeated.
    /// </summary>
    public RequestId? Id { get; init; }

    /// <summary>What to do: requeue, cancel, prioritize or move. Required.</summary>
    [Required]
    public BulkKind? Action { get; init; }

    /// <summary>The filter in the search language. Required; only a dry run can leave it empty.</summary>
    [Required]
    public string? Filter { get; init; }

    /// <summary>The reason, for the history of the tasks. Required unless this is a dry run.</summary>
    public string? Reason { get; init; }

    /// <summary>The new priority, as a number or a word. Required to prioritize.</summary>
    public JsonText? Priority { get; init; }

    /// <summary>The new queue. Required to move; to requeue, the default is each task's current queue.</summary>
    public string? Queue { get; init; }

    /// <summary>If true, the tasks that would be changed are only counted.</summary>
    public bool? DryRun { get; init; }
}

/// <summary>Undoes a bulk action.</summary>
internal sealed record UndoBulkRequest
{
    /// <summary>The id of the undo, which is a bulk action itself. Default: a new id.</summary>
    public RequestId? Id { get; init; }

    /// <summary>The reason, for the history of the tasks. Required.</summary>
    [Required]
    public string? Reason { get; init; }
}

/// <summary>The tasks that a bulk action changed, or would change in a dry run.</summary>
internal sealed record BulkAnswer
{
    /// <summary>The id of the action.</summary>
    public required RequestId Id { get; init; }

    /// <summary>The number of tasks.</summary>
    public required int Count { get; init; }

    /// <summary>Up to 100 of them.</summary>
    public required TaskId[] Sample { get; init; }
}
