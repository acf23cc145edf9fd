using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Node.Http;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Dashboard;

namespace Morag.Failover.Node.Tests.Http.Dashboard;

/// <summary>An event stream of the dashboard does not outlast the session of its reader.</summary>
public sealed class SessionEndSpecs
{
    private readonly FakeTimeProvider clock = new(GoodOwners.Time);
    private readonly EphemeralDataProtectionProvider protection = new();
    private readonly EndedSessions ended;
    private readonly AccessTokens tokens;
    private readonly DashboardSessions sessions;

    public SessionEndSpecs()
    {
        ended = new EndedSessions(clock);
        tokens = new AccessTokens(new HttpApiSettings { Tokens = ["a-token-of-the-specs"] }, clock);
        sessions = new DashboardSessions(protection, tokens, ended);
    }

    [Fact]
    public async Task Should_end_the_stream_when_the_session_ends()
    {
        var stream = Stream(Cookie());
        Assert.False(stream.IsCompleted);
        clock.Advance(DashboardSessions.Lifetime);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream);
    }

    [Fact]
    public async Task Should_end_a_copied_cookie_and_its_streams_when_somebody_signs_out_and_no_other_session()
    {
        var (copied, other) = (Cookie(), Cookie());
        var stream = Stream(copied);
        var untouched = Stream(other);

        sessions.Close(Call(copied));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream);
        Assert.Null(sessions.Restore(Call(copied)));
        Assert.NotNull(sessions.Restore(Call(other)));
        Assert.False(untouched.IsCompleted);
    }

    [Fact]
    public void Should_keep_ended_sessions_no_longer_than_they_would_have_lasted_and_only_so_many()
    {
        Assert.False(ended.Add("over", clock.GetUtcNow()));
        for (var number = 0; number < EndedSessions.Most + 5; number++)
        {
            ended.Add($"{number}", clock.GetUtcNow().AddSeconds(1 + number));
        }

        Assert.Equal(EndedSessions.Most, ended.All.Count);
        Assert.False(ended.Contains("4"));
        Assert.True(ended.Contains("5"));
        clock.Advance(TimeSpan.FromDays(1));
        ended.Add("last", clock.GetUtcNow().AddHours(1));
        Assert.Equal("last", Assert.Single(ended.All).Key);
    }

    private string Cookie()
    {
        var signIn = Call();
        sessions.Open(signIn, tokens.Check("a-token-of-the-specs"));
        return signIn.Response.Headers.SetCookie.ToString().Split(';')[0];
    }

    private Task Stream(string cookie) => new AccessMiddleware(
        context => Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted), tokens, sessions).InvokeAsync(Call(cookie));

    private static DefaultHttpContext Call(string cookie = "")
    {
        var context = new DefaultHttpContext { Request = { Method = "GET", Host = new("node:8080") } };
        context.Features.Set<IHttpRequestLifetimeFeature>(new Lifetime());
        context.Request.Headers.Cookie = cookie;
        context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(DashboardCall.Part), "live"));
        return context;
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        private readonly CancellationTokenSource aborted = new();

        public Lifetime() => RequestAborted = aborted.Token;

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => aborted.Cancel();
    }
}
