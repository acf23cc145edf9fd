using System.Collections.Concurrent;
using System.Text;
using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Cli.Terminals;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Demo;

/// <summary>One run of the demo: three agents hash the files, one of them is killed, and a summary shows every outcome.</summary>
/// <param name="node">The node.</param>
/// <param name="guardian">Kills what the demo starts if it is killed itself.</param>
/// <param name="files">The files.</param>
/// <param name="sumsFile">The file for the hashes.</param>
/// <param name="output">Where the story and the summary are printed.</param>
/// <param name="terminal">The terminal for a live picture; null if there is none.</param>
/// <param name="clock">The clock.</param>
internal sealed class DemoRun(
    DemoNode node, Guardian guardian, DemoFiles files, string sumsFile, TextWriter output, ITerminal? terminal, TimeProvider clock)
{
    private const string Queue = "cpu_batch";
    private const int Agents = 3;
    private const int ConcurrentQueries = 16;

    // Long enough for the kill to hit running work, short enough for the whole demo to take less than a minute.
    private static readonly TimeSpan WorkTime = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan DrawInterval = TimeSpan.FromMilliseconds(500);

    private readonly DemoCalls calls = new(node.Connection);
    private readonly string run = Guid.NewGuid().ToString("N")[..6];

    /// <summary>Whether the node has workers, other than the demo's agents, that could lease the demo's tasks.</summary>
    public static async Task<bool> HasCompetingWorkersAsync(NodeConnection connection, CancellationToken cancellation)
    {
        var workers = await new DemoCalls(connection).WorkersAsync(cancellation);
        return workers.Length >= DemoCalls.MaxPerCall || workers.Any(worker =>
            worker.Liveness != Liveness.Offline
            && worker.Registration.Capability != WorkerCapability.Gpu
            && worker.Registration.SupportedContentTypes.IsEmpty
            && (worker.Registration.Queues.IsEmpty || worker.Registration.Queues.Any(queue => queue.Value == Queue)));
    }

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var tasks = Enumerable.Range(0, files.Paths.Count).ToDictionary(
            number => $"demo-{run}-{number + 1:0000}",
            number => files.Paths[number]);
        var timeline = terminal is null ? null : new DemoTimeline(terminal, DemoAgents.Workers(run), DemoAgents.SlotsPerAgent);
        var story = new DemoStory(output, timeline, run, tasks, clock);
        var contentType = $"application/x-morag-demo-{run}";
        var delay = Delay(tasks.Count);

        using var streaming = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var events = await calls.EventsAsync(cancellation);
        var following = story.FollowAsync(events, streaming.Token);
        var drawing = timeline is null ? Task.CompletedTask : DrawAsync(timeline, streaming.Token);
        DemoSummary summary;
        await using (var agents = DemoAgents.Start(guardian, node, run, Queue, contentType, delay))
        {
            story.Write($"started three agents; each command sleeps {delay.TotalSeconds:0.##} s before it hashes its file");
            await SubmitAsync(tasks, contentType, cancellation);
            story.Write($"submitted {Counted.Of(tasks.Count, "task")} to {Queue}");
            await KillOneAsync(agents, tasks.Count, delay, story, timeline, cancellation);
            summary = await WaitForTasksAsync(agents, tasks, story, cancellation);
        }

        await streaming.CancelAsync();
        await following;
        await drawing;
        timeline?.End();
        return await PrintSummaryAsync(summary, tasks, cancellation);
    }

    /// <summary>Adds a moment to the picture twice a second. The demo goes on without it if the node does not answer.</summary>
    private async Task DrawAsync(DemoTimeline timeline, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var holds = new Dictionary<string, int>();
                foreach (var worker in DemoAgents.Workers(run))
                {
                    holds[worker] = (await calls.LeasedByAsync(worker, cancellation)).Length;
                }

                timeline.Add(holds);
                await Task.Delay(DrawInterval, clock, cancellation);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or NodeUnreachable or NodeRefused or CommandFailure)
        {
            // The summary tells the outcome.
        }
    }

    private static TimeSpan Delay(int count) => TimeSpan.FromSeconds(Math.Clamp(
        WorkTime.TotalSeconds * Agents * DemoAgents.SlotsPerAgent / count, 0.2, 4));

    private async Task SubmitAsync(Dictionary<string, string> tasks, string contentType, CancellationToken cancellation)
    {
        var batches = tasks.InBatches(CallLimits.MaxEntries, task => JsonText.Of(task.Value).Length, MessageLimits.MaxGatheredBytes);
        foreach (var batch in batches)
        {
            var submitted = batch.Select(
                task => new { task_id = task.Key, queue = Queue, payload = task.Value, content_type = contentType });
            await calls.SubmitAsync([.. submitted], cancellation);
        }
    }

    private async Task KillOneAsync(
        DemoAgents agents, int count, TimeSpan delay, DemoStory story, DemoTimeline? timeline, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        long? firstLease = null;
        while (agents.Completed < count && clock.GetElapsedTime(started) < Timeout)
        {
            var held = new Dictionary<string, int>();
            foreach (var worker in agents.Running)
            {
                held[worker] = (await calls.LeasedByAsync(worker, cancellation)).Length;
            }

            var (victim, holds) = held.MaxBy(entry => entry.Value);
            firstLease ??= holds > 0 ? clock.GetTimestamp() : null;
            var inTheMiddle = agents.Completed * 4 >= count || count <= Agents * DemoAgents.SlotsPerAgent;
            if (holds > 0 && inTheMiddle && clock.GetElapsedTime(firstLease!.Value) >= delay / 2)
            {
                agents.Kill(victim);
                timeline?.Kill(victim);
                story.Write($"killed worker {victim[^1]} with kill -9 while it held {Counted.Of(holds, "task")}");
                return;
            }

            await Task.Delay(PollInterval, clock, cancellation);
        }

        story.Write("too few files to kill an agent while it works; this run shows no failure");
    }

    private async Task<DemoSummary> WaitForTasksAsync(
        DemoAgents agents, Dictionary<string, string> tasks, DemoStory story, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        var ended = new Dictionary<string, TaskInfo>();
        var shown = 0;
        while (ended.Count < tasks.Count && clock.GetElapsedTime(started) < Timeout)
        {
            // Only the oldest, which end first: querying all of them each time would load the node.
            var oldest = tasks.Keys.Where(task => !ended.ContainsKey(task)).Take(ConcurrentQueries * 4);
            foreach (var task in await QueryAllAsync(oldest, calls.TaskAsync, cancellation))
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

            files            {summary.Files}
            failures         {summary.Failures}
            decisions        {summary.Decisions}{(strategies.Length > 0 ? $" ({strategies})" : "")}
            lost             {summary.Lost}
            completed twice  {summary.CompletedTwice}
            hashes           {sumsFile}
            """);
        var confirmed = await ChecksumTool.ConfirmAsync(sumsFile, cancellation);
        await output.WriteLineAsync($"sha256sum -c     {confirmed switch
        {
            true => "all hashes match",
            false => "MISMATCH",
            null => "not installed on this machine",
        }}");
        return summary.IsGood && confirmed != false ? ExitCode.Ok : ExitCode.Refused;
    }
}
