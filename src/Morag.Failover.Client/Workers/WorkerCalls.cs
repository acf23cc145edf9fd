using System.Runtime.ExceptionServices;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Workers;

/// <summary>
/// The calls of one worker, each one attempt. <see cref="TokenExposed"/> is thrown as it is, because waiting cannot help.
/// </summary>
internal sealed class WorkerCalls(IMoragTransport transport, WorkerRegistration registration, TimeProvider clock) : IInstanceCalls
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);

    public WorkerRegistration Registration => registration;

    public bool HasSessions => transport.HasSessions;

    private WorkerId Worker => registration.WorkerId;

    private InstanceId Instance => registration.InstanceId!.Value;

    public async Task<OtherInstance?> FindOtherAsync(CancellationToken cancellation)
    {
        try
        {
            var found = await AskAsync<WorkerInfo>(new GetWorker { WorkerId = Worker }, cancellation);
            return found is { Liveness: not Liveness.Offline, Registration: { InstanceId: { } instance } known } && instance != Instance
                ? new OtherInstance(instance, known.Location.Hostname, found.LastHeartbeat, known.HeartbeatIntervalSeconds)
                : null;
        }
        catch (MoragNotFoundException)
        {
            return null;
        }
    }

    public Task RegisterAsync(CancellationToken cancellation) =>
        AskAsync<WorkerRegisteredReply>(new RegisterWorker { Registration = registration }, cancellation);

    public Task<HeartbeatReply> HeartbeatAsync(
        WorkerStatus status, WorkerMetrics metrics, HeldByWorker[] held, TimeSpan timeout, CancellationToken cancellation) =>
        AskAsync<HeartbeatReply>(
            new Heartbeat
            {
                WorkerId = Worker,
                Status = status,
                Metrics = metrics,
                Timestamp = clock.GetUtcNow(),
                InstanceId = Instance,
                ListsHeld = true,
                Held = [.. held],
            },
            cancellation,
            timeout);

    public async Task<ReceivedLeases> LeaseAsync(int maxTasks, TimeSpan wait, RequestId request, CancellationToken cancellation)
    {
        var call = new RequestLeases { WorkerId = Worker, MaxTasks = maxTasks, Wait = wait, RequestId = request, InstanceId = Instance };
        return transport is ILeaseTransport leases
            ? await UnmaskAsync(leases.LeaseAsync(call, CallTimeout, cancellation))
            : new ReceivedLeases((await AskAsync<LeasesGranted>(call, cancellation)).Leases, []);
    }

    public async Task<LeaseResult> CompleteAsync(LeaseKey lease, JsonText result, CancellationToken cancellation)
    {
        var completion = new TaskCompletion { TaskId = lease.TaskId, Epoch = lease.Epoch, Result = result };
        var complete = new CompleteTasks { Partition = 0, WorkerId = Worker, Completions = [completion] };
        return (await AskAsync<LeaseResults>(complete, cancellation)).Results[0];
    }

    /// <summary>Reports a failure under an id that follows from the lease, so that a repeated report is the same failure.</summary>
    public Task<FailoverDecision> FailAsync(
        LeaseKey lease, FailureType type, string message, JsonText context, CancellationToken cancellation) => AskAsync<FailoverDecision>(
            new ReportFailure
            {
                TaskId = lease.TaskId,
                WorkerId = Worker,
                Epoch = lease.Epoch,
                FailureType = type,
                ErrorMessage = message,
                Context = context,
                EventId = new EventId($"{Instance}-{lease.Epoch}"),
                Source = ReportSource.LeaseHolder,
                InstanceId = Instance,
            },
            cancellation);

    public async Task<LeaseResult> ExtendAsync(LeaseKey lease, TimeSpan by, CancellationToken cancellation)
    {
        var extend = new ExtendLease { TaskId = lease.TaskId, WorkerId = Worker, Epoch = lease.Epoch, By = by };
        return (await AskAsync<LeaseResults>(extend, cancellation)).Results[0];
    }

    /// <summary>Reports progress. It does not throw unless it is cancelled, because the work goes on without it.</summary>
    public async Task<ReportEnding> ReportProgressAsync(LeaseKey lease, ProgressUpdate update, CancellationToken cancellation)
    {
        var report = new ReportProgress
        {
            TaskId = lease.TaskId,
            WorkerId = Worker,
            Epoch = lease.Epoch,
            Percent = update.Percent,
            Message = update.Message,
            Checkpoint = update.Checkpoint,
        };
        try
        {
            var answer = (await AskAsync<LeaseResults>(report, cancellation)).Results[0];
            return answer.Refused is null ? ReportEnding.Delivered
                : MoragException.Of(answer.Refused).IsTransient ? ReportEnding.TryAgain
                : ReportEnding.Rejected;
        }
        catch (MoragException failure)
        {
            return failure.IsTransient ? ReportEnding.TryAgain : ReportEnding.Rejected;
        }
        catch (TokenExposed)
        {
            return ReportEnding.Rejected;
        }
    }

    public Task ReleaseAsync(LeaseKey lease, string reason, CancellationToken cancellation) => AskAsync<LeaseResults>(
        new ReleaseLeases
        {
            Partition = 0,
            WorkerId = Worker,
            Leases = [new LeaseRef { TaskId = lease.TaskId, Epoch = lease.Epoch }],
            Reason = reason,
        },
        cancellation);

    public Task UnregisterAsync(CancellationToken cancellation) =>
        AskAsync<Done>(new UnregisterWorker { WorkerId = Worker, InstanceId = Instance }, cancellation);

    public IAsyncEnumerable<ISessionSignal> OpenSessionAsync(CancellationToken cancellation) => transport.OpenSessionAsync(
        new OpenSession { WorkerId = Worker, InstanceId = Instance, SessionId = Guid.NewGuid().ToString("N") }, cancellation);

    private async Task<T> AskAsync<T>(IWireMessage message, CancellationToken cancellation, TimeSpan? timeout = null)
        where T : class, IWireMessage
    {
        var reply = await UnmaskAsync(transport.AskAsync(message, timeout ?? CallTimeout, cancellation));
        return reply as T ?? throw new InvalidOperationException($"{message.GetType().Name} was answered with {reply.GetType().Name}");
    }

    // Whatever repeats a call after a MoragException must not repeat this one: it ends the worker.
    private static async Task<T> UnmaskAsync<T>(Task<T> call)
    {
        try
        {
            return await call;
        }
        catch (MoragAccessDeniedException failure) when (failure.InnerException is TokenExposed exposed)
        {
            ExceptionDispatchInfo.Throw(exposed);
            throw;
        }
    }
}
