using Akka.Actor;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Node.Http;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>Calls whose owner may have no home: they fail early, and only then.</summary>
public sealed class LostOwnerSpecs
{
    private static readonly HttpApiSettings Settings = new()
    {
        AnswerTimeout = TimeSpan.FromSeconds(60),
        FailoverTimeout = TimeSpan.FromMilliseconds(200),
    };

    [Fact]
    public async Task Should_fail_with_503_long_before_the_answer_timeout_when_a_member_may_be_dead()
    {
        await using var http = await HttpNode.Start(Settings);
        http.Owners.Answer = static _ => null;
        http.Doubt.Members = true;

        var answer = await http.Call("GET", "/api/v1/tasks/t-1");

        Assert.Equal((503, "1"), (answer.Status, answer.Headers["Retry-After"]));
        Assert.Contains("Its node may be dead", answer.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_fail_with_503_long_before_the_answer_timeout_when_another_node_has_taken_over()
    {
        await using var http = await HttpNode.Start(Settings);
        http.Owners.Answer = static _ => null;
        http.Presence.Revoke();

        var answer = await http.Call("GET", "/api/v1/tasks/t-1");

        Assert.Equal((503, "1"), (answer.Status, answer.Headers["Retry-After"]));
        Assert.Contains("Another node has taken over from this one", answer.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_fail_with_503_and_not_be_ready_while_the_presence_has_expired_and_say_why()
    {
        await using var http = await HttpNode.Start(Settings);
        http.Owners.Answer = static _ => null;
        http.Presence.HasPeers = true;
        http.Presence.NotRenewed("WRONGTYPE");
        Assert.Equal(200, (await http.Call("GET", "/health/ready")).Status);

        http.PresenceClock.Advance(HttpNode.Patience * 2);

        var answer = await http.Call("GET", "/api/v1/tasks/t-1");
        Assert.Equal((503, "1"), (answer.Status, answer.Headers["Retry-After"]));
        Assert.Contains("cannot renew its presence in Redis (WRONGTYPE)", answer.Text("detail"), StringComparison.Ordinal);
        var ready = await http.Call("GET", "/health/ready");
        Assert.Equal(503, ready.Status);
        Assert.Contains(
            "(WRONGTYPE)", ready.Body.GetProperty("failing").GetProperty("presence").GetString(), StringComparison.Ordinal);
    }

    /// <summary>The member may have carried them out before it left. Only calls that are safe to repeat are asked again.</summary>
    [Fact]
    public async Task Should_not_repeat_calls_that_may_have_another_effect_when_a_member_leaves()
    {
        (string Method, string Path, string? Body)[] unsafeCalls =
        [
            ("POST", "/api/v1/tasks/t-1/extend", """{"worker_id":"w-1","epoch":1,"seconds":60}"""),
            ("POST", "/api/v1/tasks/t-1/requeue", """{"reason":"a spec"}"""),
            ("POST", "/api/v1/tasks/requeue", """{"filter":{"queue":"cpu_standard"},"reason":"a spec"}"""),
            ("POST", "/api/v1/tasks/cancel", """{"filter":{"queue":"cpu_standard"},"reason":"a spec"}"""),
            ("POST", "/api/v1/workers/w-1/drain", """{"reason":"a spec"}"""),
            ("POST", "/api/v1/workers/w-1/resume", null),
            ("POST", "/api/v1/workers/w-1/breaker", """{"action":"open","reason":"a spec"}"""),
            ("POST", "/api/v1/workers/w-1/offline", """{"reason":"a spec"}"""),
            ("DELETE", "/api/v1/workers/w-1", null),
        ];
        await using var http = await HttpNode.Start(new() { FailoverTimeout = TimeSpan.FromMilliseconds(200) });
        var released = new TaskCompletionSource();
        http.Owners.Answer = message => released.Task.IsCompleted ? GoodOwners.Answer(message) : null;
        var cluster = Akka.Cluster.Cluster.Get(http.System);
        using var other = ActorSystem.Create(http.System.Name, http.System.Settings.Config);
        await Akka.Cluster.Cluster.Get(other).JoinAsync(cluster.SelfAddress);
        var calls = unsafeCalls.Select(call => http.Call(call.Method, call.Path, call.Body)).ToList();
        await Eventually.IsTrue(() => Changing().Select(message => message.GetType()).Distinct().Count() == unsafeCalls.Length);
        var asked = Changing().Count();
        var safe = http.Call("GET", "/api/v1/tasks/t-1");
        await Eventually.IsTrue(() => http.Owners.Received<GetTask>().Any());

        released.SetResult();
        cluster.Down(Akka.Cluster.Cluster.Get(other).SelfAddress);

        Assert.Equal(200, (await safe).Status);
        http.Doubt.Members = true;
        Assert.All(await Task.WhenAll(calls), answer => Assert.Equal(503, answer.Status));
        Assert.Equal(asked, Changing().Count());

        IEnumerable<IWireMessage> Changing() => http.Owners.Received<IWireMessage>().Where(message => message is not GetTask);
    }

    [Fact]
    public async Task Should_wait_for_a_slow_owner_when_every_member_is_alive()
    {
        await using var http = await HttpNode.Start(Settings);
        var asked = new TaskCompletionSource();
        http.Owners.Answer = message =>
        {
            _ = asked.TrySetResult();
            return null;
        };
        var call = http.Call("GET", "/api/v1/tasks/t-1");
        await asked.Task;

        // Far longer than the failover timeout. The answer comes only now.
        await Task.WhenAny(call, Task.Delay(Settings.FailoverTimeout * 5));
        Assert.False(call.IsCompleted);
        http.Owners.Senders[typeof(GetTask)].Tell(Refused.Unknown("no such task"), ActorRefs.NoSender);

        Assert.Equal(404, (await call).Status);
    }

    [Theory]
    [InlineData("/api/v1/workers/w-1/successes", """[{"task_id":"t","duration_seconds":1}]""")]
    [InlineData("/api/v1/failures", """{"task_id":"t","failure_type":"network_failure","error_message":"gone"}""")]
    public async Task Should_name_a_report_without_an_event_id_so_that_it_counts_once_when_it_is_sent_again(string path, string body)
    {
        await using var http = await HttpNode.Start(Settings);

        Assert.InRange((await http.Call("POST", path, body)).Status, 200, 201);

        var names = http.Owners.Received<RecordSuccesses>().SelectMany(report => report.Successes).Select(success => success.EventId)
            .Concat(http.Owners.Received<ReportFailure>().Select(report => report.EventId));
        Assert.NotNull(Assert.Single(names));
    }
}
