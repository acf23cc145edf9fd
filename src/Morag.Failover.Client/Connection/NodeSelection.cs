using System.Collections.Immutable;

namespace Morag.Failover.Client.Connection;

/// <summary>
/// Which node the next call goes to: the addresses that were given and those learned from nodes, the preferred one, and those that failed.
/// Calls stay on the preferred node until it fails. A failed address is left out for a while that doubles with each failure. Times are
/// those of a clock that only moves forward.
/// </summary>
internal sealed record NodeSelection
{
    /// <summary>How long an address is left out after its first failure.</summary>
    public static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest time that an address is left out.</summary>
    public static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(5);

    private ImmutableArray<NodeAddress> Given { get; init; } = [];

    private ImmutableArray<NodeAddress> Learned { get; init; } = [];

    private ImmutableDictionary<NodeAddress, Trouble> Troubles { get; init; } = ImmutableDictionary<NodeAddress, Trouble>.Empty;

    /// <summary>All addresses in the order in which they are tried: the given ones first.</summary>
    public ImmutableArray<NodeAddress> All { get; private init; } = [];

    /// <summary>The address that the calls use.</summary>
    public NodeAddress Preferred { get; private init; } = null!;

    /// <summary>Starts with the addresses that were given, the first of them preferred.</summary>
    /// <param name="given">At least one address.</param>
    public static NodeSelection Of(params IEnumerable<NodeAddress> given)
    {
        var start = new NodeSelection().With([.. given], []);
        return start with { Preferred = start.All[0] };
    }

    /// <summary>Replaces the given addresses, whose names may resolve differently now. Those known before keep their order.</summary>
    public NodeSelection WithGiven(params IEnumerable<NodeAddress> given) =>
        With([.. given.OrderBy(address => Given.Contains(address) ? Given.IndexOf(address) : int.MaxValue)], Learned);

    /// <summary>Replaces the learned addresses.</summary>
    public NodeSelection WithLearned(params IEnumerable<NodeAddress> learned) => With(Given, [.. learned]);

    /// <summary>The address for the next attempt of a call; null if the call has tried all that may answer.</summary>
    /// <param name="tried">The addresses that this call has tried.</param>
    /// <param name="now">The current time.</param>
    public NodeAddress? Next(IReadOnlyCollection<NodeAddress> tried, TimeSpan now)
    {
        if (!tried.Contains(Preferred) && IsUsable(Preferred, now))
        {
            return Preferred;
        }

        // A call never fails without an attempt, even while all addresses are left out.
        return All.FirstOrDefault(address => !tried.Contains(address) && IsUsable(address, now))
            ?? (tried.Count == 0 ? All.MinBy(address => Troubles[address].Until) : null);
    }

    /// <summary>Whether a call that now fails at this address has others to try.</summary>
    public bool HasOthers(NodeAddress than, IReadOnlyCollection<NodeAddress> tried, TimeSpan now) =>
        Usable(now).Any(address => address != than && !tried.Contains(address));

    /// <summary>The addresses that have not failed recently, in the order in which they are tried.</summary>
    public IEnumerable<NodeAddress> Usable(TimeSpan now) => All.Where(address => IsUsable(address, now));

    /// <summary>A call was answered. The address becomes the preferred one if the preferred one has failed.</summary>
    /// <param name="address">The address that answered.</param>
    /// <param name="asked">When the call was made. An answer to a call from before the last failure proves nothing.</param>
    public NodeSelection Succeeded(NodeAddress address, TimeSpan asked)
    {
        if (Troubles.TryGetValue(address, out var trouble) && asked < trouble.At)
        {
            return this;
        }

        var cleared = this with { Troubles = Troubles.Remove(address) };
        return cleared.Troubles.ContainsKey(Preferred) && All.Contains(address) ? cleared with { Preferred = address } : cleared;
    }

    /// <summary>A call failed in a way that makes the next call of this address likely to fail too.</summary>
    /// <param name="address">The address.</param>
    /// <param name="asked">
    /// When the call was made. Many calls can fail at the same moment; those made before the last failure do not count again.
    /// </param>
    /// <param name="now">The current time.</param>
    public NodeSelection Failed(NodeAddress address, TimeSpan asked, TimeSpan now)
    {
        var before = Troubles.GetValueOrDefault(address);
        if (!All.Contains(address) || (before is not null && asked < before.At))
        {
            return this;
        }

        var failures = (before?.Failures ?? 0) + 1;
        var pause = FirstBackoff * Math.Pow(2, Math.Min(failures - 1, 16));
        var trouble = new Trouble(failures, now, now + (pause < MaxBackoff ? pause : MaxBackoff));
        return this with { Troubles = Troubles.SetItem(address, trouble) };
    }

    /// <summary>
    /// A node answered, but could not reach the owner of the state. Another node may be able to, so the next call goes there. The address
    /// is not left out.
    /// </summary>
    public NodeSelection Doubted(NodeAddress address, TimeSpan now)
    {
        if (address != Preferred)
        {
            return this;
        }

        var place = All.IndexOf(address);
        var next = All[(place + 1)..].Concat(All[..place]).FirstOrDefault(other => IsUsable(other, now));
        return next is null ? this : this with { Preferred = next };
    }

    /// <summary>The first address, if calls have moved away from it and it has not failed recently; otherwise null.</summary>
    public NodeAddress? WayBack(TimeSpan now) => Preferred != All[0] && IsUsable(All[0], now) ? All[0] : null;

    /// <summary>The node at the first address is ready again.</summary>
    public NodeSelection Returned(NodeAddress first) =>
        All[0] == first ? this with { Preferred = first, Troubles = Troubles.Remove(first) } : this;

    /// <summary>Whether the address has not failed recently.</summary>
    private bool IsUsable(NodeAddress address, TimeSpan now) => !Troubles.TryGetValue(address, out var trouble) || trouble.Until <= now;

    private NodeSelection With(ImmutableArray<NodeAddress> given, ImmutableArray<NodeAddress> learned)
    {
        ImmutableArray<NodeAddress> all = [.. given.Concat(learned.Where(node => given.All(known => known.Url != node.Url))).Distinct()];
        return this with
        {
            Given = given,
            Learned = learned,
            All = all,
            Troubles = Troubles.RemoveRange(Troubles.Keys.Where(address => !all.Contains(address))),
            Preferred = Preferred is null || all.Contains(Preferred) ? Preferred! : all[0],
        };
    }

    private sealed record Trouble(int Failures, TimeSpan At, TimeSpan Until);
}
