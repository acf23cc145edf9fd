using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Node.Http;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>The streams of server-sent events.</summary>
public sealed class StreamSpecs : IAsyncLifetime
{
    private HttpNode http = null!;

    public async Task InitializeAsync() =>
        http = await HttpNode.Start(new HttpApiSettings { KeepAlive = TimeSpan.FromMilliseconds(50), EventBuffer = 10 });

    public async Task DisposeAsync() => await http.DisposeAsync();

    private void Publish(string what, int second) => http.System.EventStream.Publish(
        new WorkerChanged { WorkerId = new("w-1"), What = what, At = TimeProvider.System.GetUtcNow().AddSeconds(second) });

    private async Task<string> EventsAfter(string id, string filter = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events?once=true" + filter);
        request.Headers.Add("Last-Event-ID", id);
        using var answer = await http.Client.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }

    [Fact]
    public async Task Should_stream_every_kind_of_live_event_when_it_happens()
    {
        using var stream = await EventReader.Open(http, "/api/v1/events");

        http.System.EventStream.Publish(new DecisionMade { Decision = GoodOwners.Decision("t-1") });
        http.System.EventStream.Publish(new DecisionResolved { TaskId = new("t-1"), FailureId = new("f-1") });
        http.System.EventStream.Publish(new BreakerChanged { WorkerId = new("w-1"), State = BreakerState.HalfOpen });
        http.System.EventStream.Publish(new WorkerChanged { WorkerId = new("w-1"), What = "registered" });

        foreach (var (name, part) in new[]
        {
            ("failure", "\"failure_type\":\"task_timeout\""),
            ("decision", "\"strategy\":\"reassign_same_queue\""),
            ("resolved", "\"task_id\":\"t-1\""),
            ("breaker", "\"state\":\"half_open\""),
            ("worker", "\"what\":\"registered\""),
        })
        {
            var (kind, data) = await stream.NextEvent();
            Assert.Equal(name, kind);
            Assert.Contains(part, data, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Should_stream_only_what_the_filter_lets_through()
    {
        using var stream = await EventReader.Open(http, "/api/v1/events?events=worker,decision&worker=w-2");

        http.System.EventStream.Publish(new WorkerChanged { WorkerId = new("w-1"), What = "registered" });
        http.System.EventStream.Publish(new DecisionResolved { TaskId = new("t-1"), FailureId = new("f-1") });
        http.System.EventStream.Publish(new BreakerChanged { WorkerId = new("w-2"), State = BreakerState.HalfOpen });
        http.System.EventStream.Publish(new WorkerChanged { WorkerId = new("w-2"), What = "drained" });

        Assert.Contains("drained", (await stream.NextEvent()).Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("events=none", "events")]
    [InlineData("type=none", "type")]
    [InlineData("worker=a%20b", "worker")]
    [InlineData("last=-1", "last")]
    [InlineData("once=maybe", "once")]
    public async Task Should_name_the_field_when_a_filter_is_wrong(string query, string field)
    {
        var answer = await http.Call("GET", $"/api/v1/events?{query}");

        Assert.Equal((400, field), (answer.Status, answer.Text("field")));
    }

    [Fact]
    public async Task Should_continue_after_the_last_event_that_the_reader_has()
    {
        string id;
        using (var stream = await EventReader.Open(http, "/api/v1/events"))
        {
            Publish("first", 1);
            id = await stream.IdOfEventWith("first");
        }

        Publish("missed", 2);
        Publish("missed too", 3);

        var rest = await EventsAfter(id);
        Assert.DoesNotContain("first", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("event: gap", rest, StringComparison.Ordinal);
        Assert.Matches("(?s)missed.*missed too.*event: end", rest);
    }

    [Fact]
    public async Task Should_say_that_events_may_be_missing_when_the_node_does_not_have_the_last_one()
    {
        using (var stream = await EventReader.Open(http, "/api/v1/events"))
        {
            Publish("known", 1);
            await stream.IdOfEventWith("known");
        }

        var longAgo = TimeProvider.System.GetUtcNow().AddHours(-1).UtcTicks.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.Matches("(?s)event: gap.*known.*event: end", await EventsAfter($"{longAgo}-registered-w-9"));
    }

    [Fact]
    public async Task Should_continue_a_stream_of_failures_alone_after_the_last_one()
    {
        string id;
        using (var stream = await EventReader.Open(http, "/api/v1/events?events=failure"))
        {
            http.System.EventStream.Publish(new DecisionMade { Decision = GoodOwners.Decision("t-1") });
            id = await stream.IdOfEventWith("t-1");
        }

        http.System.EventStream.Publish(new DecisionMade { Decision = GoodOwners.Decision("t-2") });

        var rest = await EventsAfter(id, "&events=failure");
        Assert.DoesNotContain("event: gap", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("e-t-1", rest, StringComparison.Ordinal);
        Assert.Contains("e-t-2", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_begin_with_the_decision_when_the_connection_broke_between_a_failure_and_it()
    {
        string id;
        using (var stream = await EventReader.Open(http, "/api/v1/events"))
        {
            http.System.EventStream.Publish(new DecisionMade { Decision = GoodOwners.Decision("t-1") });
            id = await stream.IdOfEventWith("t-1");
        }

        var rest = await EventsAfter(id);
        Assert.Contains("-failure-", id, StringComparison.Ordinal);
        Assert.DoesNotContain("event: failure", rest, StringComparison.Ordinal);
        Assert.Contains("event: decision", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_send_comment_lines_when_nothing_happens()
    {
        using var stream = await EventReader.Open(http, "/api/v1/events");

        await stream.LineThatIs(": keep-alive");
    }

    [Fact]
    public async Task Should_let_a_reader_go_when_it_falls_behind()
    {
        using var stream = await EventReader.Open(http, "/api/v1/events");
        var large = new string('x', 256 * 1024);

        // Nothing is read meanwhile: the connection's buffers fill, then the stream's own.
        for (var number = 0; number < 400; number++)
        {
            http.System.EventStream.Publish(new WorkerChanged { WorkerId = new("w-1"), What = "registered", Detail = large });
        }

        await stream.LineThatIs(": closed: this reader is too slow");
        await stream.End();
    }

    [Fact]
    public async Task Should_pass_signals_to_the_worker_when_its_session_is_open()
    {
        using var stream = await EventReader.Open(http, "/api/v1/workers/w-1/session?instance_id=i-1");
        var open = http.Owners.Received<OpenSession>().First();
        Assert.Equal(("w-1", "i-1"), (open.WorkerId.Value, open.InstanceId!.Value.Value));
        var session = http.Owners.Senders[typeof(OpenSession)];

        session.Tell(new LeaseRevoked { TaskId = new("t-1"), Epoch = new(3), Reason = "it timed out" });
        session.Tell(new DeadlineSignal { TaskId = new("t-1"), Epoch = new(3), Deadline = DateTimeOffset.UnixEpoch });
        session.Tell(new DrainSignal { Reason = "update" });
        session.Tell(new ResumeSignal());
        session.Tell(new BreakerSignal { State = BreakerState.Open });
        session.Tell(new SupersededSignal());

        var (kind, data) = await stream.NextEvent();
        Assert.Equal(("lease_revoked", """{"task_id":"t-1","epoch":3,"reason":"it timed out"}"""), (kind, data));
        (kind, data) = await stream.NextEvent();
        Assert.Equal(("lease_extended", """{"task_id":"t-1","epoch":3,"deadline":"1970-01-01T00:00:00Z"}"""), (kind, data));
        foreach (var name in new[] { "drain", "resume", "breaker", "superseded" })
        {
            Assert.Equal(name, (await stream.NextEvent()).Kind);
        }

        await stream.End();
        Assert.Empty(http.Owners.Received<SessionBroken>());
    }

    [Fact]
    public async Task Should_tell_the_worker_s_entity_when_a_session_breaks()
    {
        var stream = await EventReader.Open(http, "/api/v1/workers/w-2/session");
        stream.Dispose();

        await Eventually.IsTrue(() => http.Owners.Received<SessionBroken>().Any());
        var broken = http.Owners.Received<SessionBroken>().Single();
        Assert.Equal(("w-2", http.Owners.Received<OpenSession>().First().SessionId), (broken.WorkerId.Value, broken.SessionId));
    }

    [Fact]
    public async Task Should_announce_the_session_anew_when_the_worker_s_entity_ended_and_only_then()
    {
        var entity = http.System.ActorOf(Props.Empty);
        http.Owners.Answer = message => message is OpenSession ? null : GoodOwners.Answer(message);
        var opening = EventReader.Open(http, "/api/v1/workers/w-3/session");
        await Eventually.IsTrue(() => http.Owners.Senders.ContainsKey(typeof(OpenSession)));
        http.Owners.Senders[typeof(OpenSession)].Tell(Done.Instance, entity);
        using var stream = await opening;
        var announced = http.Owners.Received<OpenSession>().Count();

        // Many keep-alives later nothing was announced: a gateway must not keep a frozen worker alive.
        for (var number = 0; number < 60; number++)
        {
            await stream.LineThatIs(": keep-alive");
        }

        Assert.Equal(announced, http.Owners.Received<OpenSession>().Count());
        http.System.Stop(entity);
        await Eventually.IsTrue(() => http.Owners.Received<OpenSession>().Count() > announced);
        Assert.Single(http.Owners.Received<OpenSession>().Select(open => open.SessionId).Distinct());
    }

    [Fact]
    public async Task Should_end_streams_and_long_polls_without_a_sign_of_trouble_when_the_node_stops()
    {
        http.Owners.Answer = message => message is RequestLeases ? null : GoodOwners.Answer(message);
        using var session = await EventReader.Open(http, "/api/v1/workers/w-1/session");
        using var events = await EventReader.Open(http, "/api/v1/events");
        var poll = http.Call("POST", "/api/v1/workers/w-1/lease", """{"wait_seconds":30}""");
        await Eventually.IsTrue(() => http.Owners.Received<RequestLeases>().Any());

        http.App.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        await session.End();
        await events.End();
        Assert.Equal(0, (await poll).Body.GetArrayLength());
        Assert.Empty(http.Owners.Received<SessionBroken>());
    }

    [Fact]
    public async Task Should_answer_with_the_refusal_when_a_session_is_not_allowed()
    {
        http.Owners.Answer = _ => Refused.Unknown("there is no worker w-9");

        var answer = await http.Call("GET", "/api/v1/workers/w-9/session");

        Assert.Equal((404, "there is no worker w-9"), (answer.Status, answer.Text("detail")));
    }
}
