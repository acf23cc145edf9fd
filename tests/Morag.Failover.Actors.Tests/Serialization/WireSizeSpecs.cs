using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Actors.Tests.Serialization;

/// <summary>Holds the estimate of sizes, on which every byte limit rests, to what the serializers really write.</summary>
public sealed class WireSizeSpecs() : TestKit(FailoverSerialization.Config)
{
    private const int SlackOfSmallOnes = 16;

    public static TheoryData<Type> WireTypesFound =>
        [.. WireTypes.Messages.All.Concat(WireTypes.Stored.All).OrderBy(type => type.FullName, StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(WireTypesFound))]
    public void Should_be_within_a_factor_of_two_when_a_value_is_written(Type type)
    {
        AssertWithinTwo(SampleOf.Type(type));
        AssertWithinTwo(Activator.CreateInstance(type)!);
    }

    [Fact]
    public void Should_count_bytes_and_not_characters_when_texts_are_not_ascii()
    {
        AssertWithinTwo(new LeasesReleased { At = DateTimeOffset.UnixEpoch, WorkerId = new("w"), Reason = new string('\u20ac', 10_000) });
        Assert.InRange(
            WireSize.Of(new ReleaseLeases { Partition = 0, WorkerId = new("w"), Reason = new string('\u20ac', 10_000) }), 30_000, 30_100);
    }

    [Theory]
    [InlineData(0, 20)]
    [InlineData(500, 128)]
    [InlineData(100_000, 20)]
    public void Should_estimate_a_whole_state_within_a_factor_of_two_when_it_is_stored_in_parts(int payload, int idLength)
    {
        var state = QueueWith(tasks: 300, payload, idLength);

        var parts = QueueSnapshotMapping.ToParts(state, 100_000).ToList();

        var stored = parts.Sum(part => (long)Bytes(part));
        Assert.InRange(QueueSnapshotMapping.BytesOf(state), stored / 2, stored * 2);
        Assert.All(parts, part => Assert.InRange(Bytes(part), 0, Math.Max(200_000, 2 * payload)));
    }

    private static QueueState QueueWith(int tasks, int payload, int idLength)
    {
        var at = DateTimeOffset.UnixEpoch.AddYears(56);
        TaskId Id(int number) => new(number.ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(idLength, 'x'));
        var accepted = Submission.Apply(QueueState.Empty, new TasksAccepted
        {
            At = at,
            Tasks =
            [
                .. Enumerable.Range(0, tasks).Select(number => new TaskSubmission
                {
                    TaskId = Id(number),
                    Queue = new("cpu_standard"),
                    Payload = JsonText.Of(new string('p', payload)),
                }),
            ],
        });
        return LeaseGrants.Apply(accepted, new TasksLeased
        {
            At = at,
            WorkerId = new("worker"),
            Leases = [.. Enumerable.Range(0, tasks / 2).Select(
                number => new GrantedLease { TaskId = Id(number), Epoch = new(number + 1), Timeout = TimeSpan.FromHours(1) })],
        });
    }

    private void AssertWithinTwo(object value)
    {
        var written = Bytes(value);
        Assert.InRange(WireSize.OfObject(value), written / 2, (2 * written) + SlackOfSmallOnes);
    }

    private int Bytes(object value) => Sys.Serialization.FindSerializerFor(value).ToBinary(value).Length;
}
