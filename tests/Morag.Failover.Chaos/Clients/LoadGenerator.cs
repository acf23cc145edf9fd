using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Morag.Failover.History;

namespace Morag.Failover.Chaos.Clients;

/// <summary>A user who submits tasks in small batches, and cancels a few of them.</summary>
internal sealed class LoadGenerator(string user, ClusterApi api, HistoryRecorder recorder, uint seed, double rate)
{
    private const int LargestBatch = 4;

    // A batch has 1 to 4 tasks.
    private readonly TimeSpan pause = TimeSpan.FromSeconds((1 + LargestBatch) / 2.0 / rate);

    private readonly Random random = new(unchecked((int)seed));
    private readonly ConcurrentQueue<string> acknowledged = [];
    private int submitted;

    /// <summary>The ids of all tasks that a node acknowledged.</summary>
    public IReadOnlyCollection<string> Acknowledged => acknowledged;

    /// <summary>Submits until the time and the faults are over.</summary>
    /// <param name="length">The time, from the start of the history.</param>
    /// <param name="faults">The faults, which can take longer than planned.</param>
    /// <param name="giveUp">Cancelled if the run is given up.</param>
    public async Task RunAsync(TimeSpan length, Task faults, CancellationToken giveUp)
    {
        while (recorder.Now < length || !faults.IsCompleted)
        {
            await SubmitAsync(giveUp);
            if (random.Next(10) == 0 && !acknowledged.IsEmpty)
            {
                await CancelAsync(acknowledged.ElementAt(random.Next(acknowledged.Count)), giveUp);
            }

            await Task.Delay(pause, giveUp);
        }
    }

    private async Task SubmitAsync(CancellationToken giveUp)
    {
        List<SubmittedTask> open = [.. Enumerable.Range(0, 1 + random.Next(LargestBatch)).Select(_ => DrawTask())];
        while (open.Count > 0)
        {
            var (status, answers) = await api.CallAsync(HttpMethod.Post, "/tasks", open, giveUp);
            if (answers.ValueKind != JsonValueKind.Array)
            {
                recorder.Fault($"a submission was answered with {status}: {answers}");
                return;
            }

            // The partition of a task may have no home for a moment. Only those tasks are sent again.
            open =
            [
                .. open.Zip(answers.EnumerateArray()).Where(pair => !IsDecided(pair.First.TaskId, pair.Second)).Select(pair => pair.First),
            ];
        }
    }

    private bool IsDecided(string task, JsonElement answer)
    {
        if (answer.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null)
        {
            if (error.GetProperty("status").GetInt32() == (int)HttpStatusCode.ServiceUnavailable)
            {
                return false;
            }

            recorder.Fault($"{task} was refused: {error}");
            return true;
        }

        acknowledged.Enqueue(task);
        recorder.Record(now => new SubmissionAcknowledged(now, task));
        return true;
    }

    private SubmittedTask DrawTask() => new(
        string.Create(CultureInfo.InvariantCulture, $"{user}-{submitted++}"),
        "cpu_standard",
        random.Next(100) switch { < 75 => "fast", < 85 => "slow", < 92 => "fails", _ => "exhausts" },
        MaxRetries: 2);

    private async Task CancelAsync(string task, CancellationToken giveUp)
    {
        var (status, _) = await api.CallAsync(HttpMethod.Delete, $"/tasks/{task}?reason=chaos", null, giveUp);
        if (status == HttpStatusCode.OK)
        {
            recorder.Record(now => new CancellationAcknowledged(now, task));
        }
    }

    private sealed record SubmittedTask(string TaskId, string Queue, string Payload, int MaxRetries);
}
