using System.Reflection;
using System.Runtime.CompilerServices;
using Morag.Failover.Domain.Alerts;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;
using ProtoBuf;

namespace Morag.Failover.Domain.Tests;

/// <summary>An owner that stores an event it cannot apply would fail at its next recovery, long after the event was acknowledged.</summary>
public sealed class KnownEventSpecs
{
    private static readonly Dictionary<string, Action<IStoredEvent>> Owners = new()
    {
        ["queue"] = @event => QueueEvents.Apply(QueueState.Empty, @event),
        ["failover"] = @event => CoordinatorState.Empty.Apply(@event),
        ["worker"] = @event => WorkerState.Unknown(new WorkerId("w")).Apply(@event),
        ["directory"] = @event => DirectoryState.Empty.Apply(@event),
        ["alerts"] = @event => AlertsState.Empty.Apply(@event),
    };

    public static TheoryData<Type> Events =>
    [
        .. typeof(QueueEvents).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false, IsInterface: false } && type.IsAssignableTo(typeof(IStoredEvent)))
            // Parts of snapshots are read by the storage, before any owner.
            .Where(type => OwnerOf(type) != "snapshot"),
    ];

    [Theory]
    [MemberData(nameof(Events))]
    public void Should_know_every_event_when_its_owner_applies_it(Type type)
    {
        var @event = (IStoredEvent)RuntimeHelpers.GetUninitializedObject(type);
        var owners = OwnerOf(type) == "owner" ? Owners.Values : (IEnumerable<Action<IStoredEvent>>)[Owners[OwnerOf(type)]];

        Assert.All(owners, apply => Assert.False(IsUnknown(type, Record.Exception(() => apply(@event))), $"{type} is not applied"));
    }

    // The event is empty, so that applying it may well fail; only that it is not known counts.
    private static bool IsUnknown(Type type, Exception? failure) =>
        failure is InvalidOperationException && failure.Message.Contains(type.ToString(), StringComparison.Ordinal);

    /// <summary>The first part of the manifest, such as <c>queue</c>.</summary>
    private static string OwnerOf(Type type) => type.GetCustomAttribute<ProtoContractAttribute>()!.Name!.Split('.')[0];
}
