using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using static Morag.Failover.Client.Connection.AnswerJson;

namespace Morag.Failover.Client.Http;

/// <summary>The HTTP call of a message.</summary>
/// <param name="Method">The method.</param>
/// <param name="Path">The path, with its query.</param>
/// <param name="Body">The body; null for none.</param>
/// <param name="Read">Reads the reply from the response.</param>
internal sealed record HttpCall(HttpMethod Method, string Path, object? Body, Func<JsonElement, IWireMessage> Read)
{
    /// <summary>How long the node may wait before it answers, because the message asks for that.</summary>
    public TimeSpan Wait { get; init; }

    /// <summary>Reads a page of a list, with whether more follow; null if the reply is not a page.</summary>
    public Func<JsonElement, bool, IWireMessage>? ReadPage { get; init; }
}

/// <summary>Which call of the HTTP API carries which message.</summary>
internal static class HttpCalls
{
    /// <summary>The call of a message.</summary>
    /// <exception cref="NotSupportedException">The HTTP API has no call for it, or this client does not make it.</exception>
    public static HttpCall Of(IWireMessage message) => message switch
    {
        SubmitTasks submit => Post("/api/v1/tasks", submit.Tasks.Select(TaskBody).ToArray(), ReadSubmitted),
        GetTask get => Get<TaskInfo>(TaskPath(get.TaskId)),
        CancelTask cancel => new(HttpMethod.Delete, $"{TaskPath(cancel.TaskId)}?reason={Uri.EscapeDataString(cancel.Reason)}", null, Done),
        RequeueTask requeue => Post(
            $"{TaskPath(requeue.TaskId)}/requeue", new { requeue.Queue, requeue.Quality, requeue.Reason }, Done),
        RequeueTasks requeue => Post(
            "/api/v1/tasks/requeue",
            new { Filter = FilterBody(requeue.Filter), requeue.Reason, requeue.DryRun, requeue.Queue, requeue.Quality },
            Read<TasksAffected>),
        CancelTasks cancel => Post(
            "/api/v1/tasks/cancel",
            new { Filter = FilterBody(cancel.Filter), cancel.Reason, cancel.DryRun },
            Read<TasksAffected>),
        ListTasks list => Page(
            $"/api/v1/tasks{TaskQuery(list)}",
            (answer, hasMore) => new TaskPage { Tasks = Read<ImmutableArray<QueueEntry>>(answer), HasMore = hasMore }),
        SearchTasks search => Page(
            $"/api/v1/tasks{SearchQuery(search)}",
            (answer, hasMore) => new TaskMatches { Tasks = Read<ImmutableArray<QueueEntry>>(answer), HasMore = hasMore }),
        GetQueueStats => new(HttpMethod.Get, "/api/v1/queues", null, ReadQueues),
        GetQueueControl get => Get<QueueControlReport>($"{QueuePath(get.Queue)}/limits"),
        PauseQueue pause => Post($"{QueuePath(pause.Queue)}/pause", new { pause.Reason }, Read<QueueControlReport>),
        ResumeQueue resume => Post($"{QueuePath(resume.Queue)}/resume", new { resume.Reason }, Read<QueueControlReport>),
        SetQueueLimits set => Post(
            $"{QueuePath(set.Queue)}/limits",
            new
            {
                set.Limits.PerWorker,
                set.Limits.Weight,
                set.Limits.TimeoutSeconds,
                set.Limits.UnservedAfterSeconds,
                Reset = set.Reset.ToArray(),
                set.Reason,
            },
            Read<QueueControlReport>),
        ListFailures list => Page(
            $"/api/v1/failures{FailureQuery(list)}",
            (answer, hasMore) => new FailurePage { Decisions = Read<ImmutableArray<FailoverDecision>>(answer), HasMore = hasMore }),
        ListStaleReports list => Page(
            $"/api/v1/failures/stale{StaleReportQuery(list)}",
            (answer, hasMore) => new StaleReportPage { Reports = Read<ImmutableArray<ListedStaleReport>>(answer), HasMore = hasMore }),
        ListAudit list => Page(
            $"/api/v1/audit{AuditQuery(list)}",
            (answer, hasMore) => new AuditPage { Entries = Read<ImmutableArray<AuditEntry>>(answer), HasMore = hasMore }),
        GetFailureStatistics => Get<FailureStatistics>("/api/v1/failures/statistics"),
        GetTaskDecisions get => new(HttpMethod.Get, $"{TaskPath(get.TaskId)}/explain", null, ReadDecisions),
        ReportFailure { Source: ReportSource.LeaseHolder } report => Post(
            $"{TaskPath(report.TaskId)}/fail", FailureBody(report), Read<FailoverDecision>),
        ReportFailure report => Post("/api/v1/failures", FailureBody(report), ReadDecision),
        ExtendLease extend => Post(
            $"{TaskPath(extend.TaskId)}/extend", new { extend.WorkerId, extend.Epoch, Seconds = extend.By.TotalSeconds }, ReadLease),
        ReportProgress report => Post(
            $"{TaskPath(report.TaskId)}/progress",
            new { report.WorkerId, report.Epoch, report.Percent, report.Message, report.Checkpoint },
            ReadProgress),
        ReleaseLeases { Leases: [var lease] } release => Post(
            $"{TaskPath(lease.TaskId)}/release", new { release.WorkerId, lease.Epoch }, ReadLease),
        CompleteTasks complete => Post($"{WorkerPath(complete.WorkerId)}/results", complete.Completions.ToArray(), ReadLeases),
        RecordSuccesses record => Post(
            $"{WorkerPath(record.WorkerId)}/successes", record.Successes.ToArray(), Read<WorkerReliabilityScore>),
        IAlertMessage alerts => AlertCalls.Of(alerts),
        _ => OfWorker(message),
    };

    /// <summary>A message about many leases as messages about one each, if the API has a call for one only; otherwise null.</summary>
    public static IReadOnlyList<IWireMessage>? OneByOne(IWireMessage message) => message is ReleaseLeases { Leases.Length: not 1 } release
        ? [.. release.Leases.Select(lease => release with { Leases = [lease] })]
        : null;

    /// <summary>Joins the replies about one lease each.</summary>
    public static async Task<LeaseResults> JoinAsync(IEnumerable<Task<IWireMessage>> parts) =>
        new() { Results = [.. (await Task.WhenAll(parts)).Cast<LeaseResults>().SelectMany(part => part.Results)] };

    public static string WorkerPath(WorkerId worker) => $"/api/v1/workers/{Uri.EscapeDataString(worker.Value)}";

    private static HttpCall OfWorker(IWireMessage message) => message switch
    {
        RegisterWorker register => Post("/api/v1/workers/register", new { register.Registration }, Read<WorkerRegisteredReply>),
        ListWorkers list => Page(
            $"/api/v1/workers{Query(("limit", list.Limit), ("after", list.After))}",
            (answer, hasMore) => new WorkerPage { Workers = Read<ImmutableArray<WorkerInfo>>(answer), HasMore = hasMore }),
        GetWorkerStats => Get<WorkerStats>("/api/v1/workers/stats"),
        DrainWorker drain => Post(
            $"{WorkerPath(drain.WorkerId)}/drain", new { drain.Reason, DeadlineSeconds = drain.Deadline?.TotalSeconds }, Done),
        ResumeWorker resume => new(HttpMethod.Post, $"{WorkerPath(resume.WorkerId)}/resume", null, Done),
        SetBreaker set => Post($"{WorkerPath(set.WorkerId)}/breaker", new { set.Action, set.Reason }, Read<WorkerReliabilityScore>),

        // The API answers with the decisions instead of the leases that ended.
        TakeWorkerOffline take => Post($"{WorkerPath(take.WorkerId)}/offline", new { take.Reason }, ReadDecisions),
        UnregisterWorker leave => new(
            HttpMethod.Delete, $"{WorkerPath(leave.WorkerId)}{Query(("instance_id", leave.InstanceId))}", null, Done),

        // GET /workers/stats is another call.
        GetWorker { WorkerId.Value: var id } when WorkerLimits.IsReserved(id) =>
            throw MoragException.Of(Refused.Unknown($"no worker can have the id {id}, which is the name of a call")),
        GetWorker get => Get<WorkerInfo>(WorkerPath(get.WorkerId)),
        GetWorkerReliability get => Get<WorkerReliabilityScore>($"{WorkerPath(get.WorkerId)}/reliability"),
        Heartbeat beat => Post(
            $"{WorkerPath(beat.WorkerId)}/heartbeat",
            new { beat.Status, beat.Metrics, beat.Timestamp, beat.InstanceId, Held = beat.ListsHeld ? beat.Held.ToArray() : null },
            Read<HeartbeatReply>),
        RequestLeases request => Post(
            $"{WorkerPath(request.WorkerId)}/lease",
            new
            {
                request.MaxTasks,
                WaitSeconds = request.Wait.TotalSeconds,
                Queues = request.Queues.IsEmpty ? null : request.Queues.ToArray(),
                request.RequestId,
                request.InstanceId,
            },
            answer => new LeasesGranted { Leases = Read<ImmutableArray<LeasedTask>>(answer) }) with
        {
            Wait = request.Wait,
        },
        _ => throw new NotSupportedException($"{message.GetType().Name} has no call in this client"),
    };

    private static string QueuePath(QueueName queue) => $"/api/v1/queues/{Uri.EscapeDataString(queue.Value)}";

    private static string TaskPath(TaskId task) => $"/api/v1/tasks/{Uri.EscapeDataString(task.Value)}";

    internal static HttpCall Get<T>(string path)
        where T : class, IWireMessage => new(HttpMethod.Get, path, null, Read<T>);

    internal static HttpCall Page(string path, Func<JsonElement, bool, IWireMessage> read) =>
        new(HttpMethod.Get, path, null, answer => read(answer, false)) { ReadPage = read };

    private static string TaskQuery(ListTasks list) => Query(
        ("state", list.Filter.State),
        ("queue", list.Filter.Queue),
        ("worker", list.Filter.Worker),
        ("limit", list.Limit),
        ("after", list.After));

    // The places of a page are not in an answer, so a client lists by id.
    private static string SearchQuery(SearchTasks search) => Query(
        ("filter", search.Filter), ("limit", search.Limit), ("after", search.After?.TaskId));

    private static string FailureQuery(ListFailures list) => Query(
        ("since", list.Since),
        ("until", list.Until),
        ("type", list.Type),
        ("worker", list.Worker),
        ("task", list.Task),
        ("limit", list.Limit),
        ("after", list.After?.ToText()));

    private static string AuditQuery(ListAudit list) => Query(
        ("by", list.By),
        ("action", list.Action),
        ("target", list.Target),
        ("since", list.Since),
        ("until", list.Until),
        ("limit", list.Limit),
        ("after", list.After?.ToText()));

    private static string StaleReportQuery(ListStaleReports list) => Query(
        ("task", list.Task), ("worker", list.Worker), ("limit", list.Limit), ("after", list.After?.ToText()));

    internal static string Query(params (string Name, object? Value)[] fields) => string.Concat(fields
        .Where(field => field.Value is not null)
        .Select((field, number) => $"{(number == 0 ? '?' : '&')}{field.Name}={Uri.EscapeDataString(TextOf(field.Value!))}"));

    // Enums and times as in a body.
    private static string TextOf(object value) =>
        JsonSerializer.SerializeToElement(value, value.GetType(), ContractsJson.Options).ToString();

    private static object FilterBody(TaskFilter filter) => new { filter.State, filter.Queue, filter.Worker };

    private static QueueStatsReply ReadQueues(JsonElement answer) => new() { Queues = Read<ImmutableArray<QueueStats>>(answer) };

    internal static HttpCall Post(string path, object body, Func<JsonElement, IWireMessage> read) => new(HttpMethod.Post, path, body, read);

    private static object TaskBody(TaskSubmission task) => new
    {
        task.TaskId,
        task.Queue,
        task.Priority,
        task.Payload,
        TimeoutSeconds = task.Timeout?.TotalSeconds,
        task.MaxRetries,
        task.ContentType,
        task.Quality,
        task.ResourceRequirements,
        task.EstimatedDuration,
        Traceparent = task.TraceParent,
    };

    private static object FailureBody(ReportFailure report) => new
    {
        report.TaskId,
        report.WorkerId,
        report.Epoch,
        report.FailureType,
        report.ErrorMessage,
        report.Context,
        report.EventId,
        report.InstanceId,
    };

    private static IWireMessage Done(JsonElement answer) => Contracts.Wire.Done.Instance;

    // The node answers a report about a lease that has ended with 200, because observers must not repeat it.
    private static FailoverDecision ReadDecision(JsonElement answer) => answer.TryGetProperty("stale", out _)
        ? throw MoragException.Of(Read<FailureStale>(answer))
        : Read<FailoverDecision>(answer);

    private static TaskDecisions ReadDecisions(JsonElement answer) => new()
    {
        Decisions = Read<ImmutableArray<FailoverDecision>>(answer),
    };

    private static TasksSubmitted ReadSubmitted(JsonElement answer) => new()
    {
        Results =
        [
            .. answer.EnumerateArray().Select(entry => new SubmissionResult
            {
                TaskId = Read<TaskId>(entry.GetProperty("task_id")),
                State = entry.GetProperty("state") is { ValueKind: JsonValueKind.String } state ? Read<TaskState>(state) : default,
                Refused = RefusedOf(entry),
            }),
        ],
    };

    private static LeaseResults ReadLeases(JsonElement answer) => new() { Results = [.. answer.EnumerateArray().Select(ReadResult)] };

    private static LeaseResults ReadLease(JsonElement answer) => new() { Results = [ReadResult(answer)] };

    private static LeaseResults ReadProgress(JsonElement answer) => new()
    {
        Results =
        [
            new LeaseResult
            {
                TaskId = Read<TaskId>(answer.GetProperty("task_id")),
                Epoch = Read<LeaseEpoch>(answer.GetProperty("epoch")),
                Stored = answer.GetProperty("stored").GetBoolean(),
            },
        ],
    };

    private static LeaseResult ReadResult(JsonElement entry) => new()
    {
        TaskId = Read<TaskId>(entry.GetProperty("task_id")),
        Epoch = Read<LeaseEpoch>(entry.GetProperty("epoch")),
        Refused = RefusedOf(entry),
        Deadline = entry.GetProperty("deadline") is { ValueKind: JsonValueKind.String } deadline ? Read<DateTimeOffset>(deadline) : null,
    };

    private static Refused? RefusedOf(JsonElement entry)
    {
        var error = entry.GetProperty("error");
        if (error.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var status = (HttpStatusCode)error.GetProperty("status").GetInt32();
        return Problems.ToRefused(NodeProblem.Read(status, error.GetRawText()));
    }
}
