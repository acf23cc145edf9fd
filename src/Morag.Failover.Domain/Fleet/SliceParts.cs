using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Fleet;

/// <summary>Divides slices of the fleet view into messages of bounded size, and puts them together again.</summary>
public sealed class SliceParts
{
    private readonly List<FleetSlice> received = [];

    /// <summary>The parts of a slice; most have one.</summary>
    /// <param name="slice">The slice.</param>
    /// <param name="maxBytes">The most bytes of profiles in one part, by estimate.</param>
    public static ImmutableArray<FleetSlice> Of(FleetSlice slice, long maxBytes)
    {
        var runs = slice.Profiles.InBatches(WireSize.Of, maxBytes).ToList();
        return [.. runs.Select((run, part) => slice with { Profiles = run, Part = part, HasMore = part + 1 < runs.Count })];
    }

    /// <summary>
    /// Takes the next part of one bucket's slice. The whole slice once its last part is there; null before. A part that does not follow
    /// the one before it, since that was lost or belongs to another version, is dropped or starts over, and the slice is requested again.
    /// </summary>
    public FleetSlice? Take(FleetSlice part)
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
