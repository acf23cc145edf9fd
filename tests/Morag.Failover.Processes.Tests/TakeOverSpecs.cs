using System.Net;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>
/// A node takes over from one that is dead or frozen, without the split brain resolver: that would decide only long after these specs have
/// given up.
/// </summary>
public sealed class TakeOverSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private const string Config =
        """

        akka.cluster.split-brain-resolver.stable-after = 10m
        # A call that waited for its answer would take this long.
        morag.api.answer-timeout = 4m
        """;

    private readonly TestFolder folder = new();
    private TwoNodes nodes = null!;

    [ServerFact]
    public async Task Should_answer_every_call_again_and_let_none_hang_when_the_oldest_node_is_killed()
    {
        await SubmitAsync(nodes[1].Client, "before");
        using var impatient = new HttpClient { BaseAddress = nodes[1].Address, Timeout = TimeSpan.FromMinutes(1) };

        nodes[0].Program.Send(Signal.Kill);

        string[] paths = ["/api/v1/queues", "/api/v1/failures/statistics", "/api/v1/workers", "/api/v1/tasks/before"];
        await Task.WhenAll(paths.Select(path => AnswersAgainAsync(impatient, path)));
        await SubmitAsync(nodes[1].Client, "after");
    }

    [ServerFact]
    public Task Should_answer_nothing_out_of_date_and_end_when_a_frozen_node_continues_after_it_was_taken_over() =>
        AnswersNothingOutOfDateAsync(() => Task.CompletedTask);

    [ServerFact]
    public async Task Should_answer_nothing_out_of_date_and_end_when_a_lone_node_continues_after_another_one_has_started()
    {
        Assert.Equal(0, await nodes[1].StopAsync());

        await AnswersNothingOutOfDateAsync(nodes[1].StartAgainAsync);
    }

    public async Task InitializeAsync() => nodes = await TwoNodes.StartAsync(server, folder, TestConfig.Text + Config);

    public async Task DisposeAsync()
    {
        await nodes.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>Freezes the first node until the second one has taken over.</summary>
    private async Task AnswersNothingOutOfDateAsync(Func<Task> whileFrozen)
    {
        // The queue partition is on the oldest node, which has the task in memory.
        await SubmitAsync(nodes[0].Client, "t-1");
        Assert.Equal(TaskState.Queued, (await nodes[0].Client.TaskAsync("t-1")).State);
        var frozen = nodes[0].Program;

        frozen.Send(Signal.Stop);
        await whileFrozen();
        await CancelAsync(nodes[1].Address, "t-1");
        using var client = new NodeClient(nodes[0].Address) { Retries = false };
        var first = StateOrNothingAsync(client);
        frozen.Send(Signal.Continue);

        for (var state = await first; !frozen.HasEnded; state = await StateOrNothingAsync(client))
        {
            Assert.True(state is null or TaskState.Cancelled, $"the node that was taken over answered {state}");
        }

        Assert.Contains("This node was taken over", frozen.Output, StringComparison.Ordinal);
        Assert.Equal(3, await frozen.EndedAsync());
    }

    private static Task SubmitAsync(NodeClient node, string task) =>
        node.SubmitAsync([new { task_id = task, queue = "cpu_standard", payload = 1 }]);

    /// <summary>Calls until it is answered. Each failure in between comes with when to retry.</summary>
    private static async Task AnswersAgainAsync(HttpClient http, string path) => await Eventually.HoldsAsync(
        async () =>
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
            if (!answer.IsSuccessStatusCode)
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                Assert.NotNull(answer.Headers.RetryAfter);
            }

            return answer.IsSuccessStatusCode;
        },
        () => $"{path} is answered");

    private static async Task CancelAsync(Uri node, string task)
    {
        using var http = new HttpClient { BaseAddress = node };
        await Eventually.HoldsAsync(
            async () =>
            {
                using var answer = await http.DeleteAsync(new Uri($"/api/v1/tasks/{task}", UriKind.Relative));
                return answer.IsSuccessStatusCode;
            },
            () => "another node has taken over and cancelled the task");
    }

    /// <summary>The state of the task as the node answers it; null if it refuses or is gone.</summary>
    private static async Task<TaskState?> StateOrNothingAsync(NodeClient node)
    {
        try
        {
            return (await node.TaskAsync("t-1")).State;
        }
        catch (Exception absent) when (NodeSilence.Explains(absent))
        {
            return null;
        }
    }
}
