using System.Net;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>
/// Keeps the worker registered: at the start, and whenever the node no longer knows this agent. Two agents with the same id would keep
/// revoking each other's leases, so an agent does not register while another one with its id is alive, and stops instead.
/// </summary>
internal sealed class AgentRegistration(WorkerClient client, WorkerRegistration own, AgentLog log, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim registering = new(1, 1);
    private readonly ProblemLog trouble = new(log);

    /// <summary>The number of registrations. A call that was rejected under an earlier one does not cause another.</summary>
    public int Generation { get; private set; }

    /// <summary>The largest result that the node accepts, in bytes of JSON, as its answer to the last registration says.</summary>
    public int MaxResultBytes { get; private set; } = TaskLimits.DefaultMaxPayloadBytes;

    /// <summary>Registers, and retries until it succeeds.</summary>
    /// <param name="seen">The <see cref="Generation"/> to replace. Does nothing if there is a newer one.</param>
    /// <param name="cancellation">Stops trying.</param>
    /// <exception cref="CommandFailure">The registration is invalid, or another agent with this id is alive.</exception>
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
                    throw new CommandFailure(ExitCode.Of(refused.Problem), $"the node rejected the registration: {refused.Message}");
                }
                catch (Exception failure) when (failure is NodeUnreachable or NodeRefused)
                {
                    trouble.Report($"cannot register, retrying: {failure.Message}");
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

    /// <summary>Registers again if the node rejected a call because it does not know this agent.</summary>
    /// <param name="refused">The rejection.</param>
    /// <param name="seen">The <see cref="Generation"/> when the call was made.</param>
    /// <param name="cancellation">Stops trying.</param>
    /// <returns>Whether the agent is registered again.</returns>
    /// <exception cref="CommandFailure">The registration is invalid, or another agent with this id is alive.</exception>
    public async Task<bool> RegisterAgainAsync(NodeRefused refused, int seen, CancellationToken cancellation)
    {
        if (refused.Problem.Status is not (HttpStatusCode.NotFound or HttpStatusCode.Conflict) || seen != Generation)
        {
            return false;
        }

        log.Write($"the node no longer knows this agent; registering again: {refused.Message}");
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
    /// Returns when no other agent uses this id. If one may, watches it until it heartbeats, which ends this agent, or has been silent for
    /// long enough.
    /// </summary>
    private async Task YieldToLiveAgentAsync(CancellationToken cancellation)
    {
        var first = await FindOtherAgentAsync(cancellation);
        if (first is null)
        {
            return;
        }

        var delay = TakeoverDelay.For(first.Registration.HeartbeatIntervalSeconds);
        var since = clock.GetTimestamp();
        log.Write(
            $"worker {own.WorkerId} is registered to another agent on {HostOf(first)}; "
            + $"waiting {delay.TotalSeconds:0.#} s for a heartbeat from it");
        while (clock.GetElapsedTime(since) < delay)
        {
            await Task.Delay(TakeoverDelay.PollInterval, clock, cancellation);
            var now = await FindOtherAgentAsync(cancellation);
            if (now is null)
            {
                return;
            }

            if (now.LastHeartbeat != first.LastHeartbeat || now.Registration.InstanceId != first.Registration.InstanceId)
            {
                throw new CommandFailure(
                    ExitCode.Conflict,
                    $"another agent on {HostOf(now)} is running as worker {own.WorkerId}. Give each agent its own --worker-id");
            }
        }

        log.Write($"the other agent is silent; taking over worker {own.WorkerId}");
    }

    /// <summary>The other agent with this id, unless it is offline or an earlier run of this one.</summary>
    private async Task<KnownWorker?> FindOtherAgentAsync(CancellationToken cancellation)
    {
        KnownWorker? found;
        try
        {
            found = await client.FindAsync(cancellation);
        }
        catch (UnreadableAnswer failure)
        {
            trouble.Report($"cannot check whether another agent is running as worker {own.WorkerId}: {failure.Message}");
            return null;
        }

        return found is { Registration.InstanceId: { } instance }
            && instance != own.InstanceId
            && found.Liveness != Liveness.Offline
            && !IsEarlierRun(found.Registration)
                ? found
                : null;
    }

    // This agent holds the lock of the folder, so an earlier run on it has ended. A copy of the folder is on another host.
    private bool IsEarlierRun(KnownRegistration registered) =>
        WorkFolder.IsOfSameFolder(registered.InstanceId, own.InstanceId) && registered.Location?.Hostname == own.Location.Hostname;

    private static string HostOf(KnownWorker worker) =>
        worker.Registration.Location?.Hostname is { Length: > 0 } host ? host : "an unknown host";
}
