using System.Net;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Cli.Connection;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>
/// Keeps the worker registered: at the start, and whenever the node says that it does not know this agent. Two agents under one
/// id would end each other's work for ever, so whoever comes second stops: it does not register while another one lives.
/// </summary>
internal sealed class AgentRegistration(WorkerClient client, WorkerRegistration own, AgentLog log, TimeProvider clock) : IDisposable
{
    // An agent that is silent for so many of its own heartbeats is taken for dead.
    private const int MissedHeartbeats = 3;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MinTakeoverDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MaxTakeoverDelay = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DefaultTakeoverDelay = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim registering = new(1, 1);
    private readonly ProblemLog trouble = new(log);

    /// <summary>Grows with each registration: who saw a refusal under an older one need not register again.</summary>
    public int Generation { get; private set; }

    /// <summary>The largest result that the node takes, in bytes of JSON: as its last answer to a registration states.</summary>
    public int MaxResultBytes { get; private set; } = TaskLimits.DefaultMaxPayloadBytes;

    /// <summary>
    /// Registers, and tries until it succeeds. Throws <see cref="CommandFailure"/> where the node says that the registration
    /// itself is wrong, or another agent works under this id.
    /// </summary>
    public async Task RegisterAsync(int seen, CancellationToken cancellation)
    {
        await registering.WaitAsync(cancellation);
        try
        {
            var backoff = new Backoff(clock);
            while (Generation == seen)
            {
                try
                {
                    await YieldToLiveAgentAsync(cancellation);
                    OnRegistered(await client.RegisterAsync(cancellation));
                }
                catch (NodeRefused refused) when (refused.Problem.Status is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity)
                {
                    throw new CommandFailure(ExitCode.Of(refused.Problem), $"the node refused the registration: {refused.Message}");
                }
                catch (Exception failure) when (failure is NodeUnreachable or NodeRefused)
                {
                    trouble.Report($"cannot register yet: {failure.Message}");
                    await backoff.WaitAsync(cancellation);
                }
                catch (UnreadableAnswer failure)
                {
                    // The call itself succeeded.
                    log.Write(failure.Message);
                    OnRegistered(new AcceptedRegistration("", null));
                }
            }
        }
        finally
        {
            _ = registering.Release();
        }
    }

    /// <summary>
    /// Takes in a refusal of a call that was made under registration <paramref name="seen"/>: registers again where the node
    /// does not know this agent. Throws <see cref="CommandFailure"/> where that does not help.
    /// </summary>
    public async Task<bool> RegisterAgainAsync(NodeRefused refused, int seen, CancellationToken cancellation)
    {
        if (refused.Problem.Status is not (HttpStatusCode.NotFound or HttpStatusCode.Conflict) || seen != Generation)
        {
            return false;
        }

        log.Write($"the node does not know this agent any more: {refused.Message}");
        await RegisterAsync(seen, cancellation);
        return true;
    }

    public void Dispose() => registering.Dispose();

    private void OnRegistered(AcceptedRegistration answer)
    {
        Generation++;
        MaxResultBytes = answer.MaxResultBytes ?? MaxResultBytes;
        trouble.Resolve();
        log.Write($"registered as {own.WorkerId}{(answer.Message.Length > 0 ? $": {answer.Message}" : "")}");
    }

    /// <summary>
    /// Returns where nobody else works under this id. Where somebody may, watches until that one heartbeats, which ends this agent,
    /// or has been silent for long enough.
    /// </summary>
    private async Task YieldToLiveAgentAsync(CancellationToken cancellation)
    {
        var first = await FindOtherAgentAsync(cancellation);
        if (first is null)
        {
            return;
        }

        var silence = TakeoverDelayFor(first);
        var since = clock.GetTimestamp();
        log.Write(
            $"worker {own.WorkerId} is registered by another agent on {HostOf(first)}: "
            + $"waiting {silence.TotalSeconds:0.#} s for its heartbeat");
        while (clock.GetElapsedTime(since) < silence)
        {
            await Task.Delay(PollInterval, clock, cancellation);
            var now = await FindOtherAgentAsync(cancellation);
            if (now is null)
            {
                return;
            }

            if (now.LastHeartbeat != first.LastHeartbeat || now.Registration.InstanceId != first.Registration.InstanceId)
            {
                throw new CommandFailure(
                    ExitCode.Conflict,
                    $"another agent on {HostOf(now)} works as worker {own.WorkerId}: this one stops; give each agent its own --worker-id");
            }
        }

        log.Write($"the other agent is silent: this one takes worker {own.WorkerId} over");
    }

    /// <summary>The other agent that holds the id, unless it is offline or an earlier run of this one.</summary>
    private async Task<KnownWorker?> FindOtherAgentAsync(CancellationToken cancellation)
    {
        KnownWorker? found;
        try
        {
            found = await client.FindAsync(cancellation);
        }
        catch (UnreadableAnswer failure)
        {
            trouble.Report($"{failure.Message}: whether another agent works as worker {own.WorkerId} is not known");
            return null;
        }

        return found is { Registration.InstanceId: { } instance }
            && instance != own.InstanceId
            && found.Liveness != Liveness.Offline
            && !IsEarlierRun(found.Registration)
                ? found
                : null;
    }

    // The folder's lock is held by this agent, so an earlier run of this folder is over. A copy of the folder has another host.
    private bool IsEarlierRun(KnownRegistration registered) =>
        WorkFolder.IsOfSameFolder(registered.InstanceId, own.InstanceId) && registered.Location?.Hostname == own.Location.Hostname;

    private static TimeSpan TakeoverDelayFor(KnownWorker other)
    {
        var silence = other.Registration.HeartbeatIntervalSeconds is { } interval
            ? TimeSpan.FromSeconds(Math.Clamp(interval * MissedHeartbeats, 0, MaxTakeoverDelay.TotalSeconds))
            : DefaultTakeoverDelay;
        return silence < MinTakeoverDelay ? MinTakeoverDelay : silence;
    }

    private static string HostOf(KnownWorker worker) =>
        worker.Registration.Location?.Hostname is { Length: > 0 } host ? host : "an unknown host";
}
