using System.Net;

namespace Morag.Failover.Client.Connection;

/// <content>One attempt of a call, at one address.</content>
internal sealed partial class NodeConnection
{
    // A call that takes longer makes the connection check whether the node is alive, and a live node answers the check well within this.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // Problem details are far smaller. The body may come from a proxy.
    private const int MaxErrorBytes = 1024 * 1024;

    /// <summary>How long a call takes to find out that its node is frozen or cut off, if it does not ask the node to wait.</summary>
    public static TimeSpan DeadAfter => Patience * 2;

    /// <summary>What an attempt has to know about its call.</summary>
    /// <param name="Timeout">The time limit, without the wait.</param>
    /// <param name="Wait">How long the node may wait because the call asks for that.</param>
    /// <param name="IsStreamed">Whether the caller reads the body as it arrives.</param>
    /// <param name="IsRepeatable">Whether the call has the same effect if it is carried out twice.</param>
    private readonly record struct CallTraits(
        TimeSpan Timeout, TimeSpan Wait = default, bool IsStreamed = false, bool IsRepeatable = true)
    {
        public TimeSpan Limit => Timeout + Wait;
    }

    /// <summary>Makes an attempt. The use of the channel ends if it fails.</summary>
    private async Task<HttpResponseMessage> SendToAsync(
        ChannelUse use,
        Func<HttpRequestMessage> request,
        CallTraits call,
        List<NodeAddress> tried,
        CancellationToken cancellation)
    {
        var isAnswered = false;
        try
        {
            var response = await SendWithTokenAsync(use, request, call, tried, cancellation);
            isAnswered = true;
            return response;
        }
        finally
        {
            if (!isAnswered)
            {
                use.Dispose();
            }
        }
    }

    private async Task<HttpResponseMessage> SendWithTokenAsync(
        ChannelUse use,
        Func<HttpRequestMessage> request,
        CallTraits call,
        List<NodeAddress> tried,
        CancellationToken cancellation)
    {
        var used = await token.GetAsync(cancellation);
        var response = await SendOnceAsync(use, request(), used, call, tried, cancellation);
        if (response.StatusCode == HttpStatusCode.Unauthorized && await token.RenewAsync(used, cancellation))
        {
            response.Dispose();
            response = await SendOnceAsync(use, request(), token.Current, call, tried, cancellation);
        }

        if (IsAccepted(response))
        {
            return response;
        }

        using (response)
        {
            var problem = IsSuccess(response)
                ? NodeProblem.WebPage(response.StatusCode)
                : NodeProblem.Read(response.StatusCode, await BodyAsync(response, use.Address, cancellation));
            throw new NodeRefused(problem with { RetryAfter = RetryAfterOf(response) });
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        ChannelUse use,
        HttpRequestMessage request,
        string? bearer,
        CallTraits call,
        List<NodeAddress> tried,
        CancellationToken cancellation)
    {
        var (address, channel) = (use.Address, use.Channel);
        var hasOthers = Current.HasOthers(address, tried, Now);
        var isFoundDead = false;

        // A call that cannot be repeated gains nothing by being abandoned, and the node may still answer it.
        using (request)
        using (var dead = CancellationTokenSource.CreateLinkedTokenSource(call.IsRepeatable ? use.Abandoned : CancellationToken.None))
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation, dead.Token))
        {
            limit.CancelAfter(call.Limit);
            try
            {
                var connectLimit = hasOthers ? NodeChannel.ShortConnect : NodeChannel.LongConnect;
                var answer = SendAsync(channel, request, bearer, connectLimit, call.IsStreamed, limit.Token);
                if (hasOthers && await IsDeadAsync(channel, answer, call.Wait + Patience, limit.Token, dead.Token, cancellation))
                {
                    isFoundDead = true;
                    await dead.CancelAsync();
                }

                return await answer;
            }
            catch (Exception failure) when (NoAnswer.Explains(failure))
            {
                throw new NodeUnreachable(address.Url, failure)
                {
                    NothingSent = NoAnswer.IsBeforeSending(failure),
                    IsDead = NoAnswer.IsConnectFailure(failure),
                };
            }
            catch (Exception failure) when ((failure is OperationCanceledException or ObjectDisposedException)
                && !cancellation.IsCancellationRequested)
            {
                var hasEnded = dead.IsCancellationRequested || channel.IsGone;
                var why = hasEnded ? "it stopped answering" : $"no answer within {call.Limit.TotalSeconds:0} s";
                throw new NodeUnreachable(address.Url, new TimeoutException(why)) { IsLate = !hasEnded, IsDead = isFoundDead };
            }
        }
    }

    /// <summary>Sends a request. The body of an error is read within the limit too, even if that of a success is not.</summary>
    private static async Task<HttpResponseMessage> SendAsync(
        NodeChannel channel,
        HttpRequestMessage request,
        string? bearer,
        TimeSpan connectLimit,
        bool streamed,
        CancellationToken limit)
    {
        var response = await channel.SendAsync(request, bearer, connectLimit, streamed, limit);
        if (!streamed || IsSuccess(response))
        {
            return response;
        }

        try
        {
            await response.Content.LoadIntoBufferAsync(MaxErrorBytes, limit);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    // No call of a node is answered with a web page.
    private static bool IsAccepted(HttpResponseMessage response) =>
        IsSuccess(response) && response.Content.Headers.ContentType?.MediaType is not ("text/html" or "application/xhtml+xml");

    private static bool IsSuccess(HttpResponseMessage response) =>
        response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.SwitchingProtocols;

    /// <summary>Whether an answer is late because the node is frozen or cut off, and not because its owner is slow.</summary>
    private async Task<bool> IsDeadAsync(
        NodeChannel channel,
        Task answer,
        TimeSpan patience,
        CancellationToken limit,
        CancellationToken dead,
        CancellationToken cancellation)
    {
        if (await Task.WhenAny(answer, Task.Delay(patience, clock, limit)) == answer || limit.IsCancellationRequested)
        {
            return false;
        }

        // Not under the limit of the call: whether the node is dead or its owner slow also matters to the other calls and the session.
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancellation, dead);
        soon.CancelAfter(Patience);
        return !await channel.IsAsync("live", soon.Token)
            && !cancellation.IsCancellationRequested
            && !dead.IsCancellationRequested;
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
            return await AnswerText.ReadAsync(response, cancellation);
        }
        catch (Exception failure) when (NoAnswer.Explains(failure))
        {
            throw new NodeUnreachable(from.Url, failure);
        }
    }
}
