using CsCheck;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Tests.Fleet;

/// <summary>The view that others get of a bucket says of any task what looking at every worker would say.</summary>
public sealed class BestMachinesSpecs
{
    private static readonly QueueDefinition Queue = new QueueSettings().Find(new QueueName("cpu_standard"))!;

    private static readonly Gen<(int Memory, int Disk, Liveness Liveness, State State, bool Typed)[]> Fleets =
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 6], Gen.Enum<Liveness>(), Gen.Enum<State>(), Gen.Bool).Array[1, 30];

    private enum State
    {
        Well,
        Draining,
        HalfOpen,
        Open,
        Error,
    }

    [Fact]
    public void Should_tell_who_can_take_a_task_as_every_single_worker_does() => Fleets.Sample(
        machines =>
        {
            var workers = machines.Select(
                (machine, i) => Entry($"w{i:00}", machine.Memory, machine.Disk, machine.Liveness, machine.State, machine.Typed)).ToList();
            var slice = workers.Aggregate(FleetTally.Empty, (tally, entry) => tally.Replaced(null, entry))
                .Slice(0, 1, DateTimeOffset.UnixEpoch);
            var fleet = FleetView.Empty.With(slice);
            var live = workers.Where(worker => worker.Liveness != Liveness.Offline).ToList();
            var ready = live
                .Where(worker => worker is { Liveness: Liveness.Alive, Draining: false })
                .Where(worker => worker is { Status: not WorkerStatus.Error, BreakerState: not BreakerState.Open })
                .ToList();

            Assert.Equal((live.Count, ready.Count), (fleet.LiveServing(Queue), slice.Profiles.Sum(profile => profile.Ready)));
            Assert.Equal(
                (Live(State.Draining), Live(State.Open), Live(State.Error), live.Count - ready.Count),
                (Unavailable(workers => workers.Draining), Unavailable(
                    workers => workers.BreakerOpen), Unavailable(workers => workers.Error), Unavailable(All)));
            Assert.Equal(FleetTally.Empty.Slice(0, 1, DateTimeOffset.UnixEpoch).Profiles, Left().Profiles);
            for (var i = 0; i < 98; i++)
            {
                var needs = new ResourceRequirements { MemoryGb = i % 7, DiskGb = i / 7 % 7 };
                var type = i < 49 ? null : "video";
                Assert.Equal(live.Exists(CanTake), fleet.AnyLive(Queue, type, needs));
                Assert.Equal(ready.Exists(CanTake), fleet.AnyReady(Queue, type, needs));
                Assert.All(ready, one => Assert.Equal(
                    ready.Exists(other => other != one && CanTake(other)), fleet.AnyReady(Queue, type, needs, except: one.WorkerId)));

                bool CanTake(WorkerEntry worker) => Eligibility.CanTake(Eligibility.ProfileOf(worker.Registration!), Queue, type, needs);
            }

            int Live(State state) => machines.Count(machine => machine.State == state && machine.Liveness != Liveness.Offline);

            int Unavailable(Func<UnavailableWorkers, int> count) => slice.Profiles.Sum(profile => count(profile.Unavailable));

            static int All(UnavailableWorkers workers) => workers.Draining + workers.BreakerOpen + workers.Error + workers.Suspect;

            FleetSlice Left() =>
                workers.Aggregate(workers.Aggregate(
                    FleetTally.Empty, (tally, entry) => tally.Replaced(null, entry)), (tally, entry) => tally.Replaced(entry, null))
                .Slice(0, 1, DateTimeOffset.UnixEpoch);
        },
        iter: 300);

    [Fact]
    public void Should_tell_of_few_machines_however_many_there_are_with_different_free_disk_space()
    {
        var tally = Enumerable.Range(0, 6_000).Aggregate(
            FleetTally.Empty,
            (all, i) =>
                all.Replaced(null, Entry($"w{i}", 16 * (i % 4), 100 + (i * 37 % 6_000 / 100.0), Liveness.Alive, State.Well, false)));

        Assert.InRange(tally.Slice(0, 1, DateTimeOffset.UnixEpoch).Profiles.Length, 1, 20);
    }

    private static WorkerEntry Entry(string worker, double memory, double disk, Liveness liveness, State state, bool typed) => new()
    {
        WorkerId = new WorkerId(worker),
        Revision = 1,
        Liveness = liveness,
        Draining = state == State.Draining,
        BreakerState = state switch
        {
            State.Open => BreakerState.Open,
            State.HalfOpen => BreakerState.HalfOpen,
            _ => BreakerState.Closed,
        },
        Status = state == State.Error ? WorkerStatus.Error : WorkerStatus.Online,
        Registration = new WorkerRegistration
        {
            WorkerId = new WorkerId(worker),
            Name = worker,
            Capability = WorkerCapability.Cpu,
            Hardware = new() { MemoryGb = memory, DiskSpaceGb = disk },
            SupportedContentTypes = typed ? ["audio"] : [],
        },
    };
}
