using System.Globalization;
using System.Net;
using System.Text.Json;
using Morag.Failover.History;

namespace Morag.Failover.Chaos.Clients;

/// <summary>
/// A worker in this process that records every lease that it gets and every completion that counts. It repeats reports and sends them out
/// of order, as networks do.
/// </summary>
internal sealed class RecordingWorker(string id, ClusterApi api, HistoryRecorder recorder, uint seed)
{
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(1);

    private readonly Random random = new(unchecked((int)seed));
    private readonly Lock gate = new();
    private readonly Dictionary<string, long> held = [];
    private readonly string instance = Guid.NewGuid().ToString("n");
    private int calls;

    /// <summary>Works until the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await api.CallAsync(HttpMethod.Post, "/workers/register", new
            {
                registration = new
                {
                    worker_id = id,
                    capability = "cpu",
                    max_concurrent_tasks = 4,
                    instance_id = instance,
                    heartbeat_interval_seconds = HeartbeatInterval.TotalSeconds,
                },
            }, stop);
            await Task.WhenAll(BeatAsync(stop), WorkAsync(stop), WorkAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The run is over.
        }
    }

    private async Task BeatAsync(CancellationToken stop)
    {
        using var ticks = new PeriodicTimer(HeartbeatInterval);
        while (await ticks.WaitForNextTickAsync(stop))
        {
            (string Task, long Epoch)[] holds;
            lock (gate)
            {
                holds = [.. held.Select(lease => (lease.Key, lease.Value))];
            }

            await api.CallAsync(HttpMethod.Post, $"/workers/{id}/heartbeat", new
            {
                status = "online",
                instance_id = instance,
                held = holds.Select(lease => new { task_id = lease.Task, epoch = lease.Epoch }),
            }, stop);
        }
    }

    private async Task WorkAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var (status, leases) = await api.CallAsync(HttpMethod.Post, $"/workers/{id}/lease", new
            {
                max_tasks = 2,
                wait_seconds = 1,
                request_id = string.Create(CultureInfo.InvariantCulture, $"{instance}-{Interlocked.Increment(ref calls)}"),
                instance_id = instance,
            }, stop);
            if (status != HttpStatusCode.OK)
            {
                // Drained, suspected or with an open breaker: asks again.
                await Task.Delay(HeartbeatInterval, stop);
                continue;
            }

            foreach (var lease in leases.EnumerateArray().OrderBy(_ => random.Next()).ToList())
            {
                var task = lease.GetProperty("task_id").GetString()!;
                var epoch = lease.GetProperty("epoch").GetInt64();
                recorder.Record(now => new LeaseReceived(now, task, epoch, id));
                lock (gate)
                {
                    held[task] = epoch;
                }
            }

            foreach (var lease in leases.EnumerateArray())
            {
                await Task.Delay(TimeSpan.FromSeconds(random.NextDouble()), stop);
                await ReportAsync(
                    lease.GetProperty("task_id").GetString()!, lease.GetProperty("epoch").GetInt64(), lease.GetProperty("payload"), stop);
            }
        }
    }

    private async Task ReportAsync(string task, long epoch, JsonElement payload, CancellationToken stop)
    {
        for (var time = random.Next(3); time >= 0; time--)
        {
            if (payload.GetString() == "fails")
            {
                await FailAsync(task, epoch, stop);
            }
            else
            {
                await CompleteAsync(task, epoch, stop);
            }
        }

        lock (gate)
        {
            _ = held.Remove(task);
        }
    }

    private async Task CompleteAsync(string task, long epoch, CancellationToken stop)
    {
        var asked = recorder.Now;
        var (status, answer) = await api.CallAsync(
            HttpMethod.Post, $"/tasks/{task}/complete", new { worker_id = id, epoch, result = "done" }, stop);
        if (status == HttpStatusCode.OK && answer.GetProperty("accepted").GetBoolean())
        {
            recorder.Record(now => new CompletionAccepted(now, asked, task, epoch, id));
        }
        else if (status is not (HttpStatusCode.OK or HttpStatusCode.Conflict))
        {
            recorder.Fault($"the completion of {task} was answered with {status}: {answer}");
        }
    }

    private async Task FailAsync(string task, long epoch, CancellationToken stop)
    {
        var (status, answer) = await api.CallAsync(HttpMethod.Post, $"/tasks/{task}/fail", new
        {
            worker_id = id,
            epoch,
            failure_type = "processing_error",
            error_message = "chaos",
            event_id = string.Create(CultureInfo.InvariantCulture, $"{task}-{epoch}"),
        }, stop);
        if (status is not (HttpStatusCode.OK or HttpStatusCode.Conflict))
        {
            recorder.Fault($"the failure of {task} was answered with {status}: {answer}");
        }
    }
}
