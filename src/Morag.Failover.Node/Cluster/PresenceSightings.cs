namespace Morag.Failover.Node.Cluster;

/// <summary>
/// What a starting node has seen of the presence of the others: who renews it, and who is dead. It goes by changes and by the time that
/// passes between its own looks, so no clock of another machine matters.
/// </summary>
/// <param name="self">The id of this node.</param>
/// <param name="timeout">How long a presence of this node lasts.</param>
/// <param name="takeOverAfter">
/// How long a node may be silent whose port is not known to be closed. It may be frozen, or have lost Redis for a moment.
/// </param>
internal sealed class PresenceSightings(string self, TimeSpan timeout, TimeSpan takeOverAfter)
{
    /// <summary>A presence that claims to last longer was written before the clock of Redis was set back.</summary>
    private static readonly TimeSpan LongestPresence = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Sighting> sightings = new(StringComparer.Ordinal);
    private readonly string ownAddress = MemberId.AddressIn(self);
    private int looks;

    /// <summary>The nodes whose presence was seen, without those that are dead.</summary>
    public IEnumerable<string> Others => Where(node => !node.IsDead && !IsOwnAddress(node)).Select(node => node.Id);

    /// <summary>
    /// The nodes to ask for admission. A node that has just appeared is asked from the second look on, because it is still forming its
    /// cluster, and a question that comes too early is only repeated after a while.
    /// </summary>
    public IEnumerable<string> ToAsk =>
        Where(node => !node.IsDead && !IsOwnAddress(node) && (node.Looks > 1 || node.WasThereFirst)).Select(node => node.Id);

    /// <summary>The nodes that were seen to renew their presence.</summary>
    public IEnumerable<string> Renewing => Where(node => node.IsRenewed && !node.IsDead).Select(node => node.Id);

    /// <summary>The nodes that may be dead: their presence has expired, or they have not renewed it for too long.</summary>
    public IEnumerable<string> Silent => Where(node => node.IsSilent && !node.IsDead).Select(node => node.Id);

    /// <summary>The dead nodes, each with the last value of its presence.</summary>
    public IReadOnlyDictionary<string, string> Dead =>
        Where(node => node.IsDead).ToDictionary(node => node.Id, node => node.Value, StringComparer.Ordinal);

    /// <summary>Earlier processes at the address of this node. They are dead, because this node has their port.</summary>
    public IEnumerable<string> EarlierLives => Where(node => node.IsDead && IsOwnAddress(node)).Select(node => node.Id);

    /// <summary>Whether it is not certain yet that the last process at the address of this node is dead.</summary>
    public bool AwaitsEarlierLife => Where(node => !node.IsDead && IsOwnAddress(node)).Any();

    /// <summary>
    /// A process that renews its presence under the address of this node; null if there is none. A single change may be a renewal that
    /// the last process at this address sent before it was killed.
    /// </summary>
    public string? Double => Where(node => node.Changes > 1 && IsOwnAddress(node)).Select(node => node.Id).FirstOrDefault();

    /// <summary>Records a look at all rows.</summary>
    /// <param name="rows">The presence of all nodes.</param>
    /// <param name="now">The time that has passed since any fixed moment.</param>
    public void Observe(IReadOnlyDictionary<string, PresenceRow> rows, TimeSpan now)
    {
        looks++;
        foreach (var gone in sightings.Keys.Where(id => !rows.ContainsKey(id)).ToList())
        {
            sightings.Remove(gone);
        }

        foreach (var (id, row) in rows.Where(row => row.Key != self))
        {
            if (!sightings.TryGetValue(id, out var node))
            {
                sightings[id] = node = new Sighting(id, wasThereFirst: looks == 1);
            }

            var patience = PatienceWith(node, row.Remaining);
            node.Observe(row, now, patience, IsOwnAddress(node) || patience > takeOverAfter ? patience : takeOverAfter);
        }
    }

    /// <summary>Records that nothing listens at the address of a node. If it is silent too, the node is dead.</summary>
    public void Refuses(string id)
    {
        if (sightings.TryGetValue(id, out var node) && node.IsSilent)
        {
            node.IsDead = true;
        }
    }

    /// <summary>Starts over, because nothing could be read for a while. The others may have been unable to renew as well.</summary>
    public void Forget()
    {
        sightings.Clear();
        looks = 0;
    }

    /// <summary>How long the presence of a silent node stays unchanged. A live node renews it four times within a timeout.</summary>
    private TimeSpan PatienceWith(Sighting node, TimeSpan remaining) =>
        !IsOwnAddress(node) ? (remaining < timeout ? timeout : remaining < LongestPresence ? remaining : LongestPresence)
        : remaining <= TimeSpan.Zero ? TimeSpan.Zero
        : timeout / 2;

    private bool IsOwnAddress(Sighting node) => MemberId.AddressIn(node.Id) == ownAddress;

    private IEnumerable<Sighting> Where(Func<Sighting, bool> which) =>
        sightings.Values.Where(which).OrderBy(node => node.Id, StringComparer.Ordinal);

    private sealed class Sighting(string id, bool wasThereFirst)
    {
        private TimeSpan silentAt;
        private TimeSpan deadAt;

        public string Id { get; } = id;

        public bool WasThereFirst { get; } = wasThereFirst;

        public string Value { get; private set; } = "";

        public int Looks { get; private set; }

        /// <summary>Whether the presence changed while this node looked.</summary>
        public bool IsRenewed => Changes > 0;

        /// <summary>How often the presence changed while this node looked.</summary>
        public int Changes { get; private set; }

        /// <summary>Whether the presence has expired by the clock of Redis, or was not renewed for too long.</summary>
        public bool IsSilent { get; private set; }

        public bool IsDead { get; set; }

        public void Observe(PresenceRow row, TimeSpan now, TimeSpan silentAfter, TimeSpan deadAfter)
        {
            Looks++;
            if (row.Value != Value)
            {
                Changes += Value.Length > 0 ? 1 : 0;
                IsDead = false;
                Value = row.Value;
                (silentAt, deadAt) = (now + silentAfter, now + deadAfter);
            }

            IsSilent = row.Remaining <= TimeSpan.Zero || now >= silentAt;
            IsDead |= now >= deadAt;
        }
    }
}
