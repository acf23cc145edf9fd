using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Fleet;

/// <summary>Splits slices of the fleet view into messages of bounded size, and reassembles them.</summary>
public sealed class SliceParts
{
    private readonly List<FleetSlice> received = [];

    /// <summary>The parts of a slice; most have one.</summary>
    /// <param name="slice">The slice.</param>
    /// <param name="maxBytes">The most estimated bytes of profiles in one part.</param>
    public static ImmutableArray<FleetSlice> Of(FleetSlice slice, long maxBytes)
    {
        var runs = slice.Profiles.InBatches(WireSize.Of, maxBytes).ToList();
        return [.. runs.Select((run, part) => slice with { Profiles = run, Part = part, HasMore = part + 1 < runs.Count })];
    }

    /// <summary>
    /// Adds the next part of one bucket's slice. Returns the whole slice after its last part; null before. If a part is missing or belongs
    /// to another version, the parts are dropped, and the slice is requested again.
    /// </summary>
    public FleetSlice? Add(FleetSlice part)
    {
        if (part.Part == 0)
        {
            received.Clear();
        }
        else if (received.Count != part.Part || received[0].Version != part.Version)
        {
            received.Clear();
            return null;
        }

        received.Add(part);
        if (part.HasMore)
        {
            return null;
        }

        var whole = part with { Profiles = [.. received.SelectMany(each => each.Profiles)], Part = 0 };
        received.Clear();
        return whole;
    }
}
