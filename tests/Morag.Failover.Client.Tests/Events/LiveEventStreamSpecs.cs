using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Morag.Failover.Client.Http;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Tests.Events;

/// <summary>Live events over HTTP, from nodes that end, die, or send what they must not.</summary>
public sealed class LiveEventStreamSpecs : IAsyncLifetime
{
    private readonly FakeNode one = new();
    private readonly FakeNode other = new();
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HttpTransport transport = null!;
    private MoragClient client = null!;

    [Fact]
    public async Task Should_yield_each_event_by_its_name_and_keep_those_that_it_cannot_read()
    {
        var decision = Decisions.Of(new ReportFailure { TaskId = new("t"), FailureType = FailureType.TaskTimeout }) with
        {
            DecisionMetadata = new DecisionMetadata { FailureId = new("f") },
        };
        var resolved = new DecisionResolved { TaskId = new("t"), FailureId = new("f"), Detail = "done" };
        var breaker = new BreakerChanged { WorkerId = new("w"), State = BreakerState.HalfOpen, Reason = "a probe is due" };
        var worker = new WorkerChanged { WorkerId = new("w"), What = "suspect", Detail = "no heartbeat for 3 s" };
        Send(
            one,
            Text("failure", decision.FailureEvent),
            Text("decision", decision),
            Text("resolved", resolved),
            Text("news", new { headline = "a newer node" }),
            "event: breaker\ndata: {\"worker_id\":\"w\",\"state\":\"ajar\"}\n\n",
            "event: worker\ndata: not JSON\n\n",
            "data: no name\n\n",
            Text("breaker", breaker),
            Text("worker", worker));

        var read = await client.ReadEventsAsync().Take(10).ToListAsync();

        Assert.Equal(
            ["gap", "failure", "decision", "resolved", "news", "breaker", "worker", "message", "breaker", "worker"],
            read.Select(live => live.Name));
        Assert.Equal(decision.FailureEvent.TaskId, Assert.IsType<LiveFailure>(read[1]).Failure.TaskId);
        Assert.Equal(FailoverStrategy.ReassignSameQueue, Assert.IsType<LiveDecision>(read[2]).Decision.SelectedAction.Strategy);
        Assert.Equal(resolved, Assert.IsType<LiveResolved>(read[3]).Resolved);
        Assert.Equal(new LiveUnknown { Kind = "news", Data = """{"headline":"a newer node"}""" }, read[4]);
        Assert.Contains("$.state", Assert.IsType<LiveUnknown>(read[5]).Problem, StringComparison.Ordinal);
        Assert.Equal("not JSON", Assert.IsType<LiveUnknown>(read[6]).Data);
        Assert.Equal(breaker, Assert.IsType<LiveBreaker>(read[8]).Change);
        Assert.Equal(worker, Assert.IsType<LiveWorker>(read[9]).Change);
    }

    [Fact]
    public async Task Should_go_on_at_the_other_node_when_the_one_that_it_reads_from_is_gone()
    {
        Send(one, Worker("first"));
        Send(other, Worker("second"));
        var names = new List<string>();

        await foreach (var live in client.ReadEventsAsync())
        {
            names.Add(live is LiveWorker { Change.WorkerId.Value: var id } ? id : live.Name);
            if (names[^1] == "first")
            {
                await one.StopAsync();
            }

            if (names[^1] == "second")
            {
                break;
            }
        }

        Assert.Equal(["gap", "first", "gap", "second"], names);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("data: 0123456789abcdef\n")]
    public async Task Should_break_off_when_a_node_sends_a_line_or_an_event_without_an_end(string part)
    {
        var piece = string.Concat(Enumerable.Repeat(part, 64 * 1024 / part.Length));
        one.Answer = (call, context) => IsEvents(call, async () =>
        {
            if (one.CallsTo("GET", "/events").Count() > 1)
            {
                await StreamAsync(context, Worker("next"));
                return;
            }

            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(piece);
            }

            _ = closed.TrySetResult();
        });

        var read = await client.ReadEventsAsync().Take(3).ToListAsync();

        Assert.Equal(["gap", "gap", "worker"], read.Select(live => live.Name));
        Assert.Contains($"than {MessageLimits.MaxBytes} bytes", ((LiveGap)read[1]).Reason, StringComparison.Ordinal);
        await closed.Task;
    }

    [Fact]
    public async Task Should_close_the_stream_when_it_is_cancelled()
    {
        Send(one, Worker("first"));
        using var cancellation = new CancellationTokenSource();

        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var live in client.ReadEventsAsync(cancellation: cancellation.Token))
            {
                if (live is LiveWorker)
                {
                    await cancellation.CancelAsync();
                }
            }
        });

        await closed.Task;
    }

    public async Task InitializeAsync()
    {
        await one.StartAsync();
        await other.StartAsync();
        transport = new HttpTransport(new MoragFailoverOptions { Nodes = { one.Address, other.Address } });
        client = new MoragClient(transport);
    }

    public async Task DisposeAsync()
    {
        await transport.DisposeAsync();
        await one.DisposeAsync();
        await other.DisposeAsync();
    }

    private static string Worker(string id) => Text("worker", new WorkerChanged { WorkerId = new(id), What = "registered" });

    private static string Text<T>(string name, T data) =>
        $"event: {name}\ndata: {JsonSerializer.Serialize(data, ContractsJson.Options)}\n\n";

    private static async Task<IResult?> IsEvents(SeenCall call, Func<Task> stream)
    {
        if (call.PathAndQuery == "/api/v1/events")
        {
            await stream();
        }

        return null;
    }

    /// <summary>Makes a node send events, and keep the stream open after them.</summary>
    private void Send(FakeNode node, params string[] events) =>
        node.Answer = (call, context) => IsEvents(call, () => StreamAsync(context, events));

    private async Task StreamAsync(HttpContext context, params string[] events)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(": open\n\n" + string.Concat(events));
        await context.Response.Body.FlushAsync();
        await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ = closed.TrySetResult();
    }
}
