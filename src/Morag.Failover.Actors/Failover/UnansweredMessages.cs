namespace Morag.Failover.Actors.Failover;

/// <summary>Remembers when what was last sent, oldest first, so that what stays unanswered can be sent again.</summary>
internal sealed class UnansweredMessages(TimeSpan resendAfter)
{
    /// <summary>Bounds the burst after an outage of the receiver; the rest follows with the next look.</summary>
    private const int MostAtOnce = 1_000;

    private readonly Queue<(FailureId About, DateTimeOffset SentAt)> sent = new();

    /// <summary>Whether there is nothing to look after.</summary>
    public bool IsEmpty => sent.Count == 0;

    /// <summary>Something was sent.</summary>
    public void Sent(FailureId about, DateTimeOffset at) => sent.Enqueue((about, at));

    /// <summary>Sends again what was sent long enough ago; <paramref name="resend"/> says whether there still was something to send.</summary>
    public void Resend(DateTimeOffset now, Func<FailureId, bool> resend)
    {
        for (var count = 0; count < MostAtOnce && sent.TryPeek(out var oldest) && oldest.SentAt + resendAfter <= now; count++)
        {
            sent.Dequeue();
            if (resend(oldest.About))
            {
                sent.Enqueue((oldest.About, now));
            }
        }
    }
}
