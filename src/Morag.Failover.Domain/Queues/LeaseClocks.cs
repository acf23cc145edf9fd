namespace Morag.Failover.Domain.Queues;

/// <summary>Restarts the clocks of leases after an outage of this node.</summary>
public static class LeaseClocks
{
    /// <summary>Restarts the clocks of all held leases; null if there are none.</summary>
    /// <param name="state">The queues.</param>
    /// <param name="at">When the outage ended.</param>
    public static LeaseClocksRestarted? Restart(QueueState state, DateTimeOffset at) =>
        state.LeaseEnds.IsEmpty ? null : new LeaseClocksRestarted { At = at };

    /// <summary>
    /// Gives every held lease its full time again, and every protection too: the outage was this node's, not the workers'.
    /// </summary>
    public static QueueState Apply(QueueState state, LeaseClocksRestarted @event)
    {
        var edit = new QueueEdit(state);
        foreach (var due in state.LeaseEnds)
        {
            var task = edit.Get(due.TaskId);
            var lease = task.Lease!;
            edit.Put(task with
            {
                Lease = lease with
                {
                    Deadline = Later(lease.Deadline, @event.At + lease.Timeout),
                    Loss = lease.Loss is { } loss ? loss with { EndsAt = Later(loss.EndsAt, @event.At + loss.Protection) } : null,
                },
            });
        }

        return edit.ToState();
    }

    private static DateTimeOffset Later(DateTimeOffset left, DateTimeOffset right) => left > right ? left : right;
}

/// <summary>An outage of this node ended: every held lease gets its full time again, and every protection too.</summary>
[ProtoContract(Name = "queue.lease-clocks-restarted")]
public sealed record LeaseClocksRestarted : IStoredEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
}
