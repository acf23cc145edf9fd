using System.Net;

namespace Morag.Failover.Client.Connection;

/// <content>One attempt of a call, at one address.</content>
internal sealed partial class NodeConnection
{
    // A call that takes longer makes the connection check whether the node is alive, and a live node answers the check well within this.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>How long a call takes to find out that its node is frozen or cut off, if it does not ask the node to wait.</summary>
    public static TimeSpan DeadAfter => Patience * 2;

    /// <summary>How long an answer may take.</summary>
    /// <param name="Timeout">The time limit, without the wait.</param>
    /// <param name="Wait">How long the node may wait because the call asks for that.</param>
    private readonly record struct CallTimes(TimeSpan Timeout, TimeSpan Wait = default)
    {
        public TimeSpan Limit => Timeout + Wait;
    }

    private async Task<HttpResponseMessage> SendToAsync(
        ChannelUse use,
        Func<HttpRequestMessage> request,
        CallTimes times,
        bool streamed,
        List<NodeAddress> tried,
        CancellationToken cancellation)
    {
        var used = await token.GetAsync(cancellation);
        var response = await SendOnceAsync(use, request(), used, times, streamed, tried, cancellation);
        if (response.StatusCode == HttpStatusCode.Unauthorized && await token.RenewAsync(used, cancellation))
        {
            response.Dispose();
            response = await SendOnceAsync(use, request(), token.Current, times, streamed, tried, cancellation);
        }

        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            return response;
        }

        using (response)
        {
            var problem = NodeProblem.Read(response.StatusCode, await BodyAsync(response, use.Address, cancellation));
            throw new NodeRefused(problem with { RetryAfter = RetryAfterOf(response) });
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        ChannelUse use,
        HttpRequestMessage request,
        string? bearer,
        CallTimes times,
        bool streamed,
        List<NodeAddress> tried,
        CancellationToken cancellation)
    {
        var (address, channel) = (use.Address, use.Channel);
        var hasOthers = Current.HasOthers(address, tried, Now);
        using (request)
        using (var dead = CancellationTokenSource.CreateLinkedTokenSource(channel.Abandoned))
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation, dead.Token))
        {
            limit.CancelAfter(times.Limit);
            try
            {
                var connectLimit = hasOthers ? NodeChannel.ShortConnect : NodeChannel.LongConnect;
                var answer = channel.SendAsync(request, bearer, connectLimit, streamed, limit.Token);
                if (hasOthers)
                {
                    await CheckIfSlowAsync(channel, answer, times.Wait + Patience, dead, limit.Token, cancellation);
                }

                return await answer;
            }
            catch (Exception failure) when (NoAnswer.Explains(failure))
            {
                throw new NodeUnreachable(address.Url, failure) { NothingSent = NoAnswer.IsBeforeSending(failure) };
            }
            catch (Exception failure) when ((failure is OperationCanceledException or ObjectDisposedException)
                && !cancellation.IsCancellationRequested)
            {
                var isDead = dead.IsCancellationRequested || channel.IsGone;
                var why = isDead ? "it stopped answering" : $"no answer within {times.Limit.TotalSeconds:0} s";
                throw new NodeUnreachable(address.Url, new TimeoutException(why)) { IsLate = !isDead };
            }
        }
    }

    /// <summary>Gives up on an answer that is late because the node is frozen or cut off, but not because its owner is slow.</summary>
    private async Task CheckIfSlowAsync(
        NodeChannel channel,
        Task answer,
        TimeSpan patience,
        CancellationTokenSource dead,
        CancellationToken limit,
        CancellationToken cancellation)
    {
        if (await Task.WhenAny(answer, Task.Delay(patience, clock, limit)) == answer || limit.IsCancellationRequested)
        {
            return;
        }

        // Not under the limit of the call: whether the node is dead or its owner slow also matters to the other calls and the session.
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancellation, dead.Token);
        soon.CancelAfter(Patience);
        if (!await channel.AnswersAsync("/health/live", soon.Token) && !cancellation.IsCancellationRequested)
        {
            await dead.CancelAsync();
        }
    }

    private TimeSpan? RetryAfterOf(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delay } => delay,
        { Date: { } date } => date > clock.GetUtcNow() ? date - clock.GetUtcNow() : TimeSpan.Zero,
        _ => null,
    };

    private static async Task<string> BodyAsync(HttpResponseMessage response, NodeAddress from, CancellationToken cancellation)
    {
        try
        {
            return await response.Content.ReadAsStringAsync(cancellation);
        }
        catch (Exception failure) when (NoAnswer.Explains(failure))
        {
            throw new NodeUnreachable(from.Url, failure);
        }
    }
}
