using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Morag.Failover.Client;

/// <summary>Reads one stream of live events after the other, each from the node that answers.</summary>
internal sealed class EventReader(IMoragTransport transport, RetryOptions retries, TimeProvider clock)
{
    // A stream that lasted longer was not refused, so the next one is opened at once.
    private static readonly TimeSpan LongStream = TimeSpan.FromSeconds(2);

    private MoragException? lost;
    private long lostAt = clock.GetTimestamp();
    private long? openedAt;
    private int failures;

    /// <summary>Reads until it is cancelled, or no stream can be opened within <see cref="RetryOptions.Budget"/>.</summary>
    /// <exception cref="MoragException">No stream can be opened.</exception>
    public async IAsyncEnumerable<LiveEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            await using (var stream = transport.OpenEventsAsync(cancellation).GetAsyncEnumerator(cancellation))
            {
                while (await NextAsync(stream) is { } live)
                {
                    yield return live;
                }
            }

            await Task.Delay(NextPause(), clock, cancellation);
        }
    }

    /// <summary>The next event of a stream; null at its end.</summary>
    private async Task<LiveEvent?> NextAsync(IAsyncEnumerator<LiveEvent> stream)
    {
        try
        {
            if (await stream.MoveNextAsync())
            {
                return stream.Current is LiveGap opened ? OnOpened(opened) : stream.Current;
            }

            OnLost(new MoragUnavailableException("the node ended the stream of events: it stops, has failed, or this reader fell behind"));
        }
        catch (MoragException failure)
        {
            OnLost(failure);
        }

        return null;
    }

    private LiveGap OnOpened(LiveGap opened)
    {
        openedAt = clock.GetTimestamp();
        return lost is null ? opened : opened with { IsStart = false, Reason = lost.Message };
    }

    private void OnLost(MoragException failure)
    {
        if (openedAt is { } opened)
        {
            failures = clock.GetElapsedTime(opened) > LongStream ? 0 : failures;
            (openedAt, lostAt) = (null, clock.GetTimestamp());
        }

        failures++;
        lost = failure;
    }

    private TimeSpan NextPause()
    {
        var pause = RetryPlan.PauseBefore(
            lost!, isRepeatable: true, failures, clock.GetElapsedTime(lostAt), retries.Budget, Random.Shared.NextDouble());
        if (pause is null)
        {
            ExceptionDispatchInfo.Throw(lost!);
        }

        return pause.Value;
    }
}
