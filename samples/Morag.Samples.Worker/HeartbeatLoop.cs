using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Morag.Samples.Worker;

/// <summary>
/// Registers, heartbeats until the worker stops, and unregisters. If the node has forgotten this worker, it registers again.
/// </summary>
internal sealed class HeartbeatLoop(NodeClient node, HeldTasks held, WorkerSettings settings, ILogger<HeartbeatLoop> log)
    : BackgroundService
{
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await node.UnregisterAsync(cancellationToken);
        }
        catch (HttpRequestException failure)
        {
            // Then the node misses the heartbeats and gives the tasks to another worker a little later.
            log.LogWarning("could not unregister: {Reason}", failure.Message);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var registered = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!registered)
                {
                    await node.RegisterAsync(stoppingToken);
                    registered = true;
                    log.LogInformation("registered as {Worker} at {Node}", settings.WorkerId, settings.Node);
                }

                var listed = held.All;
                held.CancelRevoked(listed, await node.HeartbeatAsync(listed, stoppingToken));
            }
            catch (HttpRequestException failure) when (failure.StatusCode == HttpStatusCode.NotFound)
            {
                registered = false;
            }
            catch (Exception failure)
                when (failure is HttpRequestException or TaskCanceledException && !stoppingToken.IsCancellationRequested)
            {
                // Keep working: an outage of the node is not counted against its workers.
                log.LogWarning("heartbeat failed, trying again: {Reason}", failure.Message);
            }

            await Task.Delay(settings.HeartbeatInterval, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
