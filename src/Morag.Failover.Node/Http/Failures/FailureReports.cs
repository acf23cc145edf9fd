using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Http.Failures;

/// <summary>The fields that every failure report over HTTP has in common.</summary>
internal interface IFailureReport
{
    /// <summary>The epoch of the lease that failed.</summary>
    LeaseEpoch? Epoch { get; }

    /// <summary>The kind of failure.</summary>
    FailureType? FailureType { get; }

    /// <summary>What the reporter knows about the failure.</summary>
    string? ErrorMessage { get; }

    /// <summary>Further details, as a JSON object.</summary>
    JsonText? Context { get; }

    /// <summary>The reporter's own id for the failure.</summary>
    EventId? EventId { get; }

    /// <summary>The worker process that reports.</summary>
    InstanceId? InstanceId { get; }
}

/// <summary>Validates failure reports over HTTP and turns them into <see cref="ReportFailure"/>.</summary>
internal static class FailureReports
{
    /// <summary>A report by the worker that holds the lease.</summary>
    /// <param name="body">The report.</param>
    /// <param name="task">The task.</param>
    /// <param name="worker">The worker.</param>
    /// <param name="at">The JSON path of the report within the request body; empty when it is the whole body.</param>
    /// <exception cref="ProblemException">A required field is missing or a field is too large.</exception>
    public static ReportFailure FromHolder(IFailureReport body, TaskId task, WorkerId worker, string at = "") => Create(body, task, at) with
    {
        WorkerId = worker,
        Epoch = Rules.Required(body.Epoch, JsonPath.Join(at, "epoch")),
        Source = ReportSource.LeaseHolder,
    };

    /// <summary>A report by anyone else. It gets a name if it has none: the gateway may send it again, and it must count once.</summary>
    /// <inheritdoc cref="FromHolder" path="/exception"/>
    public static ReportFailure FromObserver(ReportFailureRequest body) =>
        Create(body, Rules.Required(body.TaskId, "task_id"), at: "") with
        {
            WorkerId = body.WorkerId,
            Source = ReportSource.Observer,
            EventId = body.EventId ?? Contracts.Ids.EventId.Generate(),
        };

    private static ReportFailure Create(IFailureReport body, TaskId task, string at)
    {
        var message = JsonPath.Join(at, "error_message");
        return new ReportFailure
        {
            TaskId = task,
            Epoch = body.Epoch,
            FailureType = Rules.Required(body.FailureType, JsonPath.Join(at, "failure_type")),
            ErrorMessage = Rules.Text(Rules.Required(body.ErrorMessage, message), FailureLimits.MaxErrorMessageBytes, message),
            Context = Rules.JsonObject(body.Context, FailureLimits.MaxContextBytes, JsonPath.Join(at, "context")),
            EventId = body.EventId,
            InstanceId = body.InstanceId,
        };
    }
}
