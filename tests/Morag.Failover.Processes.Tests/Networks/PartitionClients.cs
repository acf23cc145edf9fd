using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.History;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Networks;

/// <summary>
/// One client for each node, which asks that node only: it submits tasks, reports failures that the clients of all nodes report, and works
/// on tasks. It repeats a call that failed. What it was told is recorded for the checker.
/// </summary>
internal sealed class PartitionClients : IAsyncDisposable
{
    private const int RoundsOfProgress = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource stop = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Lock gate = new();
    private readonly List<Happening> history = [];
    private readonly ConcurrentDictionary<string, string> reported = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<NodeProcess> nodes;
    private readonly int[] rounds;
    private readonly bool[] refused;
    private readonly Task running;

    public PartitionClients(IReadOnlyList<NodeProcess> nodes)
    {
        this.nodes = nodes;
        rounds = new int[nodes.Count];
        refused = new bool[nodes.Count];
        running = Task.WhenAll(Enumerable.Range(0, nodes.Count).Select(RunAsync));
    }

    /// <summary>Whether a node refused a call with 503, and said why.</summary>
    public bool WasRefusedBy(NodeProcess node) => Volatile.Read(ref refused[Place(node)]);

    /// <summary>Waits until the clients of these nodes have had every kind of call answered.</summary>
    public async Task MakeProgressAsync(string when, IReadOnlyList<NodeProcess> asked)
    {
        var before = asked.Select(node => Volatile.Read(ref rounds[Place(node)])).ToArray();
        await Eventually.HoldsAsync(
            () => Task.FromResult(
                asked.Zip(before).All(pair => Volatile.Read(ref rounds[Place(pair.First)]) >= pair.Second + RoundsOfProgress)),
            () => $"calls to {asked.Count} nodes are answered {when}; rounds: {string.Join(' ', rounds)}, "
                + $"before: {string.Join(' ', before)}");
    }

    /// <summary>Stops the clients, and adds to their history what the nodes say at the end.</summary>
    public async Task<IReadOnlyList<Happening>> EndAsync()
    {
        await stop.CancelAsync();
        await running;
        var asked = clock.Elapsed;
        var tasks = (await nodes[0].Client.TasksAsync())
            .ToDictionary(entry => entry.TaskId.Value, entry => entry.State, StringComparer.Ordinal);
        foreach (var submission in history.OfType<SubmissionAcknowledged>().ToList())
        {
            var known = tasks.TryGetValue(submission.Task, out var state);
            history.Add(new TaskReadAtEnd(
                asked, submission.Task, known ? state.ToString() : null, state is TaskState.Succeeded or TaskState.Cancelled, "a worker"));
        }

        var decided = new HashSet<string>(StringComparer.Ordinal);
        foreach (var decision in await nodes[0].Client.FailuresAsync())
        {
            decided.Add(decision.FailureEvent.EventId.Value);
            history.Add(new DecisionStored(asked, decision.FailureEvent.EventId.Value, decision.TaskId.Value));
        }

        Assert.Empty(reported.Keys.Except(decided));
        return history;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        stop.Dispose();
    }

    private int Place(NodeProcess node) => nodes.ToList().IndexOf(node);

    private async Task RunAsync(int number)
    {
        using var client = nodes[number].CreateClient(retries: false);
        var worker = string.Create(CultureInfo.InvariantCulture, $"worker-{number}");
        await AnsweredAsync(number, () => RegisterAsync(client, worker));
        while (!stop.IsCancellationRequested)
        {
            var round = rounds[number];
            var task = string.Create(CultureInfo.InvariantCulture, $"t-{number}-{round}");
            var shared = string.Create(CultureInfo.InvariantCulture, $"shared-{round}");
            if (await AnsweredAsync(number, () => client.SubmitAsync([new { task_id = task, queue = "cpu_standard", payload = 1 }])))
            {
                Record(at => new SubmissionAcknowledged(at, task));
            }

            if (await AnsweredAsync(number, () => ReportAsync(client, shared)))
            {
                reported.TryAdd(shared, shared);
            }

            await WorkAsync(number, client, worker);
            if (!stop.IsCancellationRequested)
            {
                Volatile.Write(ref rounds[number], round + 1);
            }
        }
    }

    private static Task<JsonElement> ReportAsync(NodeClient client, string shared) => client.PostAsync(
        "/failures", new { event_id = shared, task_id = $"of-{shared}", failure_type = "network_failure", error_message = "cut" });

    private static Task<JsonElement> RegisterAsync(NodeClient client, string worker) => client.PostAsync(
        "/workers/register", new { registration = new { worker_id = worker, capability = "cpu", instance_id = "run-1" } });

    /// <summary>Leases a task and completes it.</summary>
    private async Task WorkAsync(int number, NodeClient client, string worker)
    {
        JsonElement leases = default;
        await AnsweredAsync(number, async () =>
        {
            leases = await client.PostAsync($"/workers/{worker}/lease", new { max_tasks = 1, instance_id = "run-1" });
        });
        if (leases.ValueKind != JsonValueKind.Array)
        {
            await AnsweredAsync(number, () => RegisterAsync(client, worker));
            return;
        }

        foreach (var lease in leases.EnumerateArray())
        {
            var (task, epoch) = (lease.GetProperty("task_id").GetString()!, lease.GetProperty("epoch").GetInt64());
            Record(at => new LeaseReceived(at, task, epoch, worker));
            var asked = clock.Elapsed;
            if (await AnsweredAsync(number, () => client.PostAsync(
                $"/tasks/{task}/complete", new { worker_id = worker, epoch, result = 1 })))
            {
                Record(at => new CompletionAccepted(at, asked, task, epoch, worker));
            }
        }
    }

    /// <summary>Calls until the node has an answer. Returns whether it accepted the call; false also when the clients stop.</summary>
    private async Task<bool> AnsweredAsync(int number, Func<Task> call)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await call();
                return true;
            }
            catch (HttpRequestException rejected)
                when (rejected.StatusCode is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError)
            {
                return false;
            }
            catch (HttpRequestException refusal) when (refusal.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                if (refusal.Message.Contains("\"type\":\"", StringComparison.Ordinal))
                {
                    Volatile.Write(ref refused[number], true);
                }
            }
            catch (Exception gone) when (NodeSilence.Explains(gone))
            {
                // The node has ended, or does not run yet.
            }

            await Task.Delay(Pause);
        }

        return false;
    }

    private void Record(Func<TimeSpan, Happening> happened)
    {
        lock (gate)
        {
            if (!stop.IsCancellationRequested)
            {
                history.Add(happened(clock.Elapsed));
            }
        }
    }
}
