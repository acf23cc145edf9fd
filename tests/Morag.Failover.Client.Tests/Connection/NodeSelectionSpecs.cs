using System.Net;
using CsCheck;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Client.Tests.Connection;

/// <summary>Which node the next call goes to.</summary>
public sealed class NodeSelectionSpecs
{
    private static readonly NodeAddress A = Address("a");
    private static readonly NodeAddress B = Address("b");
    private static readonly NodeAddress C = Address("c");

    [Fact]
    public void Should_use_the_first_address_when_none_has_failed()
    {
        var selection = NodeSelection.Of(A, B);

        Assert.Equal(A, selection.Next([], At(0)));
        Assert.Equal(A, selection.Succeeded(A, At(0)).Next([], At(1)));
    }

    [Fact]
    public void Should_go_to_the_next_address_in_the_same_call_when_one_fails()
    {
        var selection = NodeSelection.Of(A, B, C).Failed(A, At(0), At(0));

        Assert.Equal(B, selection.Next([A], At(0)));
        selection = selection.Failed(B, At(0), At(0));
        Assert.Equal(C, selection.Next([A, B], At(0)));
        Assert.Null(selection.Failed(C, At(0), At(0)).Next([A, B, C], At(0)));
    }

    [Fact]
    public void Should_stay_on_the_address_that_answered_when_the_first_one_failed()
    {
        var selection = NodeSelection.Of(A, B).Failed(A, At(0), At(0)).Succeeded(B, At(0));

        Assert.Equal(B, selection.Next([], At(1_000)));
    }

    [Fact]
    public void Should_double_the_time_that_an_address_is_left_out_when_it_fails_again()
    {
        var selection = NodeSelection.Of(A, B);
        var now = TimeSpan.Zero;
        var expected = NodeSelection.FirstBackoff;
        for (var failure = 0; failure < 10; failure++)
        {
            selection = selection.Failed(A, now, now);

            Assert.Equal(B, selection.Next([], now + expected - TimeSpan.FromTicks(1)));
            Assert.Equal(A, selection.Next([], now + expected));
            now += expected;
            expected = expected * 2 < NodeSelection.MaxBackoff ? expected * 2 : NodeSelection.MaxBackoff;
        }
    }

    [Fact]
    public void Should_count_one_failure_when_many_calls_fail_at_the_same_moment()
    {
        var once = NodeSelection.Of(A, B).Failed(A, At(10), At(11));
        var often = once.Failed(A, At(10), At(12)).Failed(A, At(9), At(13));

        Assert.Equal(once, often);
    }

    [Fact]
    public void Should_learn_nothing_from_an_answer_when_the_call_is_older_than_the_failure()
    {
        var selection = NodeSelection.Of(A, B).Failed(A, At(10), At(11));

        Assert.Equal(selection, selection.Succeeded(A, At(5)));
        Assert.Equal(A, selection.Succeeded(A, At(12)).Next([], At(12)));
    }

    [Fact]
    public void Should_try_the_address_whose_pause_ends_first_when_all_are_left_out()
    {
        var selection = NodeSelection.Of(A, B).Failed(A, At(0), At(0)).Failed(A, At(1), At(1)).Failed(B, At(1), At(1));

        Assert.Equal(B, selection.Next([], At(1)));
        Assert.Null(selection.Next([B], At(1)));
    }

    [Fact]
    public void Should_use_another_address_next_time_when_a_node_does_not_reach_the_owner()
    {
        var selection = NodeSelection.Of(A, B, C).Doubted(A, At(0));
        Assert.Equal(B, selection.Next([], At(0)));
        Assert.Equal(A, selection.Doubted(B, At(0)).Doubted(C, At(0)).Next([], At(0)));
        Assert.Equal(A, NodeSelection.Of(A).Doubted(A, At(0)).Next([], At(0)));
    }

    [Fact]
    public void Should_try_learned_addresses_after_the_given_ones_when_a_node_announced_them()
    {
        var selection = NodeSelection.Of(A).WithLearned(C, A, B);

        Assert.Equal<NodeAddress>([A, C, B], selection.All);
        Assert.Equal<NodeAddress>([A, B], selection.WithLearned(B).All);
    }

    [Fact]
    public void Should_learn_a_given_address_only_once_when_its_name_has_several_addresses()
    {
        var one = A with { Ip = IPAddress.Parse("10.0.0.1") };
        var other = A with { Ip = IPAddress.Parse("10.0.0.2") };

        Assert.Equal<NodeAddress>([one, other, B], NodeSelection.Of(one, other).WithLearned(A, B).All);
    }

    [Fact]
    public void Should_leave_an_address_when_it_is_no_longer_known()
    {
        var selection = NodeSelection.Of(A).WithLearned(B).Failed(A, At(0), At(0)).Succeeded(B, At(0));
        Assert.Equal(B, selection.Preferred);

        Assert.Equal(A, selection.WithLearned(C).Preferred);
        Assert.Equal(C, selection.WithLearned(C).Next([], At(0)));
    }

    [Fact]
    public void Should_keep_the_order_when_a_name_resolves_in_another_one() =>
        Assert.Equal<NodeAddress>([A, C, B], NodeSelection.Of(A, C).WithGiven(B, C, A).All);

    [Fact]
    public void Should_return_to_the_first_address_only_when_it_has_not_failed_recently()
    {
        var moved = NodeSelection.Of(A, B).Failed(A, At(0), At(0)).Succeeded(B, At(0));

        Assert.Null(moved.WayBack(At(1)));
        Assert.Equal(A, moved.WayBack(At(1_000)));
        Assert.Equal(A, moved.Returned(A).Preferred);
        Assert.Null(moved.Returned(A).WayBack(At(1_000)));
    }

    [Fact]
    public void Should_always_offer_a_known_address_that_was_not_tried_when_anything_has_happened()
    {
        var addresses = Enumerable.Range(0, 5).Select(number => Address($"n{number}")).ToArray();
        var step = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 4], Gen.Int[0, 3_000]);
        step.List[0, 60].Sample(steps =>
        {
            var selection = NodeSelection.Of(addresses[0], addresses[1]);
            var now = TimeSpan.Zero;
            foreach (var (kind, number, wait) in steps)
            {
                var asked = now;
                now += At(wait);
                var address = addresses[number];
                selection = kind switch
                {
                    0 => selection.Failed(address, asked, now),
                    1 => selection.Succeeded(address, asked),
                    2 => selection.Doubted(address, now),
                    3 => selection.WithLearned(addresses[number..]),
                    4 => selection.WithGiven(addresses[..(number + 1)]),
                    _ => selection.Returned(address),
                };

                Assert.Contains(selection.Preferred, selection.All);
                var tried = new List<NodeAddress>();
                while (selection.Next(tried, now) is { } next)
                {
                    Assert.Contains(next, selection.All);
                    Assert.DoesNotContain(next, tried);
                    tried.Add(next);
                }

                Assert.NotEmpty(tried);
            }
        });
    }

    private static NodeAddress Address(string host) => new(new Uri($"http://{host}:8080/"));

    private static TimeSpan At(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
