using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;
using Morag.Failover.Node.Http.Tasks;
using Morag.Failover.Node.Http.Workers;

namespace Morag.Failover.Node.Http.Policy;

/// <summary>The rules of the failover policy, and what they would decide.</summary>
internal static class PolicyEndpoints
{
    /// <summary>The task of a question that names none. It is looked up like any other; no queue is likely to hold it.</summary>
    private static readonly TaskId AnyTask = new("policy-test");

    public static void MapPolicy(this IEndpointRouteBuilder api)
    {
        var policy = api.MapGroup("/policy").WithTags("Policy");
        policy.MapGet("rules", static (FailoverGateway gateway) => Answer.Ok(PolicyRules.Under(gateway.Settings.Policy).ToArray()))
            .Describes<PolicyRule[]>("The base rules, by type of failure; of each type, the first rule that applies chooses");
        policy.MapGet("settings", static (FailoverGateway gateway) => Answer.Ok(EffectivePolicy.Of(gateway.Settings.Policy)))
            .Describes<EffectivePolicy>("The settings of the policy that are in force on this node, and its guards");
        policy.MapGet("test", Test).Refuses(
            StatusCodes.Status404NotFound, StatusCodes.Status409Conflict, StatusCodes.Status429TooManyRequests)
            .Describes<FailoverDecision>(
            "What would be decided if a task failed now, on a worker or none; nothing is stored, counted or carried out");
    }

    private static async Task<IResult> Test(
        HttpContext context, FailoverGateway gateway, string? type, string? worker, string? task, string? queue)
    {
        var question = new ForeseeDecision
        {
            TaskId = Rules.OptionalId<TaskId>(task, "task") ?? AnyTask,
            FailureType = Rules.Required(Rules.OptionalEnum<FailureType>(type, "type"), "type"),
            WorkerId = Rules.OptionalId<WorkerId>(worker, "worker"),
            Queue = Rules.OptionalId<QueueName>(queue, "queue"),
        };
        if (question.Queue is { } name && gateway.Settings.Queues.Find(name) is null)
        {
            throw ProblemException.Invalid("queue", $"there is no queue '{name}'");
        }

        // A decision about something that does not exist would look right.
        if (question.WorkerId is not null)
        {
            _ = await WorkerEndpoints.Known(context, gateway, worker!);
        }

        if (question.TaskId != AnyTask)
        {
            _ = await TaskEndpoints.Read(context, gateway, task!);
        }

        var decision = await gateway.AskCoordinators<FailoverDecision>(question, context.RequestAborted);
        return Answer.Ok(decision with
        {
            DecisionMetadata = decision.DecisionMetadata with { OutcomeDetail = "this is a test, and nothing was changed" },
        });
    }
}
