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
    [Fact]
    public async Task Should_end_the_stream_when_the_session_ends()
    {
        var clock = new FakeTimeProvider(GoodOwners.Time);
        var tokens = new AccessTokens(new HttpApiSettings { Tokens = ["a-token-of-the-specs"] }, clock);
        var sessions = new DashboardSessions(new EphemeralDataProtectionProvider(), tokens);
        var access = new AccessMiddleware(
            context => Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted), tokens, sessions);
        var call = Call();
        call.Request.Headers.Cookie = CookieOf(sessions, tokens.Check("a-token-of-the-specs"));

        var stream = access.InvokeAsync(call);
        Assert.False(stream.IsCompleted);
        clock.Advance(DashboardSessions.Lifetime);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream);
    }

    private static string CookieOf(DashboardSessions sessions, AccessToken token)
    {
        var signIn = Call();
        sessions.Open(signIn, token);
        return signIn.Response.Headers.SetCookie.ToString().Split(';')[0];
    }

    private static DefaultHttpContext Call()
    {
        var context = new DefaultHttpContext { Request = { Method = "GET", Host = new("node:8080") } };
        context.Features.Set<IHttpRequestLifetimeFeature>(new Lifetime());
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
