using System.Text.Json;
using Morag.Failover.Cli.Connection;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>Holds the session open: by it the node learns at once that the agent is gone, and the agent what was taken away.</summary>
internal sealed class SessionLoop(
    WorkerClient client,
    AgentRegistration registration,
    AgentTasks held,
    HeartbeatLoop heartbeat,
    LeaseLoop leases,
    AgentLog log,
    TimeProvider clock)
{
    private readonly ProblemLog unreadable = new(log);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(clock);
        while (!cancellation.IsCancellationRequested)
        {
            var seen = registration.Generation;
            try
            {
                await foreach (var received in client.SessionAsync(cancellation))
                {
                    backoff.Succeeded();
                    TryHandle(received);
                }
            }
            catch (NodeRefused refused)
            {
                _ = await registration.RegisterAgainAsync(refused, seen, cancellation);
            }
            catch (Exception failure) when (failure is NodeUnreachable or IOException or TimeoutException)
            {
                // The heartbeat tells of a node that is away; here it is only tried again.
            }

            await backoff.WaitAsync(cancellation);
        }
    }

    // What the session says is only quicker than the heartbeat, which says the same.
    private void TryHandle(ServerEvent received)
    {
        try
        {
            Handle(received);
        }
        catch (Exception failure) when (UnreadableAnswer.Explains(failure))
        {
            unreadable.Report($"the node received \"{received.Kind}\", and the rest of it cannot be read: {failure.Message}");
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
                    log.Write($"{key}: the lease was taken away ({revoked.Reason}); its command is being ended");
                }

                break;
            case "drain":
                log.Write($"draining: {Text(received, "reason")}");
                break;
            case "resume":
                log.Write("resumed");
                leases.Hurry();
                break;
            case "breaker":
                log.Write($"the breaker of this worker is {Text(received, "state")}");
                leases.Hurry();
                break;
            case "superseded":
            case "closed":
                // Another process of this id, a newer session of this one, or unregistered: the heartbeat's answer tells which.
                heartbeat.Hurry();
                break;
            default:
                // A newer node may say more than this agent knows of.
                break;
        }
    }

    private static string Text(ServerEvent received, string field)
    {
        using var data = JsonDocument.Parse(received.Data);
        return Palettes.Cell.Text(Palettes.Cell.At(data.RootElement, field));
    }
}
