using System.Collections.Concurrent;
using System.Text;
using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Cli.Connection;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Demo;

/// <summary>One run of the demo: every file hashed by a command, one of three agents killed in the middle, and the account of it.</summary>
internal sealed class DemoRun(DemoNode node, Guardian guardian, DemoFiles files, string sumsFile, TextWriter output, TimeProvider clock)
{
    private const string Queue = "cpu_batch";
    private const int Agents = 3;
    private const int ConcurrentQueries = 16;

    // What all files together should take, so that the kill falls into the middle and the whole stays under a minute.
    private static readonly TimeSpan WorkTime = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    private readonly DemoCalls calls = new(node.Connection);
    private readonly string run = Guid.NewGuid().ToString("N")[..6];

    /// <summary>Whether agents that are not the demo's would take its tasks.</summary>
    public static async Task<bool> HasCompetingWorkersAsync(NodeConnection connection, CancellationToken cancellation)
    {
        var workers = await new DemoCalls(connection).WorkersAsync(cancellation);
        return workers.Length >= DemoCalls.MostPerCall || workers.Any(worker =>
            worker.Liveness != Liveness.Offline
            && worker.Registration.Capability != WorkerCapability.Gpu
            && worker.Registration.SupportedContentTypes.IsEmpty
            && (worker.Registration.Queues.IsEmpty || worker.Registration.Queues.Any(queue => queue.Value == Queue)));
    }

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var tasks = Enumerable.Range(0, files.Paths.Count).ToDictionary(number => $"demo-{run}-{number + 1:0000}", number => files.Paths[number]);
        var story = new DemoStory(output, run, tasks, clock);
        var contentType = $"application/x-morag-demo-{run}";
        var delay = Delay(tasks.Count);

        using var telling = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var events = await calls.EventsAsync(cancellation);
        var told = story.FollowAsync(events, telling.Token);
        DemoSummary summary;
        await using (var agents = DemoAgents.Start(guardian, node, run, Queue, contentType, delay))
        {
            story.Write($"three agents started; each file is hashed by a command that takes {delay.TotalSeconds:0.##} s more than it has to");
            await SubmitAsync(tasks, contentType, cancellation);
            story.Write($"{Counted.Of(tasks.Count, "task")} submitted to {Queue}");
            await KillOneAsync(agents, tasks.Count, delay, story, cancellation);
            summary = await WaitForTasksAsync(agents, tasks, story, cancellation);
        }

        await telling.CancelAsync();
        await told;
        return await PrintSummaryAsync(summary, tasks, cancellation);
    }

    private static TimeSpan Delay(int count) => TimeSpan.FromSeconds(Math.Clamp(
        WorkTime.TotalSeconds * Agents * DemoAgents.SlotsOfEach / count, 0.2, 4));

    private async Task SubmitAsync(Dictionary<string, string> tasks, string contentType, CancellationToken cancellation)
    {
        foreach (var batch in tasks.InBatches(CallLimits.MaxEntries, task => JsonText.Of(task.Value).Length, MessageLimits.MaxGatheredBytes))
        {
            var submitted = batch.Select(task => new { task_id = task.Key, queue = Queue, payload = task.Value, content_type = contentType });
            await calls.SubmitAsync([.. submitted], cancellation);
        }
    }

    private async Task KillOneAsync(DemoAgents agents, int count, TimeSpan delay, DemoStory story, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        long? firstLease = null;
        while (agents.Completed < count && clock.GetElapsedTime(started) < Timeout)
        {
            var held = new Dictionary<string, int>();
            foreach (var worker in agents.Living)
            {
                held[worker] = (await calls.LeasedByAsync(worker, cancellation)).Length;
            }

            var (victim, holds) = held.MaxBy(entry => entry.Value);
            firstLease ??= holds > 0 ? clock.GetTimestamp() : null;
            var inTheMiddle = agents.Completed * 4 >= count || count <= Agents * DemoAgents.SlotsOfEach;
            if (holds > 0 && inTheMiddle && clock.GetElapsedTime(firstLease!.Value) >= delay / 2)
            {
                agents.Kill(victim);
                story.Write($"killed worker {victim[^1]} with -9 while it held {Counted.Of(holds, "task")}");
                return;
            }

            await Task.Delay(PollInterval, clock, cancellation);
        }

        story.Write("there were too few files to kill an agent while it worked: no failure is shown");
    }

    private async Task<DemoSummary> WaitForTasksAsync(
        DemoAgents agents, Dictionary<string, string> tasks, DemoStory story, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        var ended = new Dictionary<string, TaskInfo>();
        var shown = 0;
        while (ended.Count < tasks.Count && clock.GetElapsedTime(started) < Timeout)
        {
            // Those at the front, which end first: asking for all again and again would be work of its own.
            foreach (var task in await QueryAllAsync(tasks.Keys.Where(task => !ended.ContainsKey(task)).Take(ConcurrentQueries * 4), calls.TaskAsync, cancellation))
            {
                if (task.State is TaskState.Succeeded or TaskState.Parked or TaskState.Cancelled)
                {
                    ended[task.TaskId.Value] = task;
                }
            }

            if (agents.Completed >= shown + Math.Max(1, tasks.Count / 8))
            {
                shown = agents.Completed;
                story.Write($"{shown} of {Counted.Of(tasks.Count, "file")} hashed");
            }

            await Task.Delay(PollInterval, clock, cancellation);
        }

        var troubled = ended.Values.Where(task => task.RetryCount > 0 || task.Attempt > 1).Select(task => task.TaskId.Value);
        var decisions = await QueryAllAsync(troubled, calls.ExplainAsync, cancellation);
        return DemoSummary.Of(tasks.Count, ended.Values, [.. decisions.SelectMany(known => known)]);
    }

    private static async Task<IReadOnlyCollection<T>> QueryAllAsync<T>(
        IEnumerable<string> tasks, Func<string, CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        var answers = new ConcurrentBag<T>();
        await Parallel.ForEachAsync(
            tasks.ToArray(),
            new ParallelOptions { MaxDegreeOfParallelism = ConcurrentQueries, CancellationToken = cancellation },
            async (task, stop) => answers.Add(await ask(task, stop)));
        return answers;
    }

    private async Task<int> PrintSummaryAsync(DemoSummary summary, Dictionary<string, string> tasks, CancellationToken cancellation)
    {
        var sums = string.Concat(summary.Hashes
            .OrderBy(hash => hash.Key, StringComparer.Ordinal)
            .Select(hash => DemoFiles.ChecksumLine(hash.Value, tasks[hash.Key])));
        await File.WriteAllTextAsync(sumsFile, sums, new UTF8Encoding(false), cancellation);

        var strategies = string.Join(", ", summary.Strategies.Select(count => $"{WireName.Of(count.Key)} {count.Value}"));
        await output.WriteLineAsync(
            $"""

            files           {summary.Files}
            failures        {summary.Failures}
            decisions       {summary.Decisions}{(strategies.Length > 0 ? $" ({strategies})" : "")}
            lost            {summary.Lost}
            accepted twice  {summary.CompletedTwice}
            hashes          {sumsFile}
            """);
        var confirmed = await ChecksumTool.ConfirmAsync(sumsFile, cancellation);
        await output.WriteLineAsync($"sha256sum -c    {confirmed switch
        {
            true => "confirms every hash",
            false => "FINDS A DIFFERENCE",
            null => "is not on this machine",
        }}");
        return summary.IsGood && confirmed != false ? ExitCode.Ok : ExitCode.Refused;
    }
}
