using System.Text.Json;
using Morag.Failover.Client;
using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>
/// Keeps the session open. It tells the node immediately when the agent is gone, and the agent when a lease is revoked or extended.
/// </summary>
internal sealed class SessionLoop(
    WorkerClient client,
    InstanceRegistration registration,
    HeldTasks held,
    HeartbeatLoop heartbeat,
    LeaseIntake leases,
    AgentLog log,
    TimeProvider clock)
{
    // The worker is suspect until its session is open again.
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(1);

    // A session that lasted longer than this was not refused, so the next one is opened at once.
    private static readonly TimeSpan LongSession = TimeSpan.FromSeconds(2);

    private readonly ProblemLog unreadable = new(log);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(clock, MaxBackoff);
        while (!cancellation.IsCancellationRequested)
        {
            var seen = registration.Generation;
            var opened = clock.GetTimestamp();
            try
            {
                await foreach (var received in client.SessionAsync(heartbeat.BeatIn, cancellation))
                {
                    TryHandle(received);
                }
            }
            catch (NodeRefused refused)
            {
                _ = await registration.RegisterAgainAsync(Problems.Of(refused), seen, cancellation);
            }
            catch (Exception failure) when (failure is NodeUnreachable or IOException or TimeoutException)
            {
                // The heartbeat loop logs that no node is reachable.
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // The node has failed, and the next session is on another one.
            }
            finally
            {
                heartbeat.BeatIn(null);
            }

            if (clock.GetElapsedTime(opened) > LongSession)
            {
                backoff.Succeeded();
            }

            await backoff.WaitAsync(cancellation);
        }
    }

    // An event that cannot be read is not lost: the answers to heartbeats say the same, only later.
    private void TryHandle(ServerEvent received)
    {
        try
        {
            Handle(received);
        }
        catch (Exception failure) when (UnreadableAnswer.Explains(failure))
        {
            unreadable.Report($"the node's event \"{received.Kind}\" cannot be read: {failure.Message}");
        }
    }

    private void Handle(ServerEvent received)
    {
        switch (received.Kind)
        {
            case "lease_revoked":
                var revoked = JsonSerializer.Deserialize<LeaseRevoked>(received.Data, ContractsJson.Options)
                    ?? throw new JsonException("it is null");
                var key = new LeaseKey(revoked.TaskId, revoked.Epoch);
                if (held.Revoke(key))
                {
                    log.Write($"{key}: lease revoked ({revoked.Reason}); ending the command");
                }

                break;
            case "lease_extended":
                var moved = JsonSerializer.Deserialize<DeadlineSignal>(received.Data, ContractsJson.Options)
                    ?? throw new JsonException("it is null");
                held.Extend(new LeaseKey(moved.TaskId, moved.Epoch), moved.Deadline);
                break;
            case "drain":
                log.Write($"draining: {Text(received, "reason")}");
                break;
            case "resume":
                log.Write("resumed");
                leases.Hurry();
                break;
            case "breaker":
                log.Write($"this worker's breaker is {Text(received, "state")}");
                leases.Hurry();
                break;
            case "heartbeat":
                // The worker's owner has moved, and signals may have been lost.
                heartbeat.Hurry();
                break;
            case "superseded":
            case "closed":
                // Another agent took the id, this agent has a newer session, or it was unregistered. The answer to a heartbeat tells which.
                heartbeat.Hurry();
                break;
            default:
                // A newer node may send events that this agent does not know.
                break;
        }
    }

    private static string Text(ServerEvent received, string field)
    {
        using var data = JsonDocument.Parse(received.Data);
        return Palettes.Cell.Text(Palettes.Cell.At(data.RootElement, field));
    }
}
