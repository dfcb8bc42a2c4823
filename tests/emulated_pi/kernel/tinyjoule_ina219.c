// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: GPL-2.0
/*
 * An I2C adapter with one INA219 on it, for tests of programs on a real kernel.
 *
 * The chip converts in time: each conversion is the mean of the load over its own interval, first
 * the shunt, then the bus, as TI's data sheet SBOS448 says; registers, flags and resets are the
 * data sheet's too. The load is known exactly, so the true energy is as well:
 *
 *	current = current_ma, and wave_ma more in the first half of every wave_us
 *
 * Parameters, in /sys/module/tinyjoule_ina219/parameters; all but nr and addr may be changed while
 * the adapter is in use.
 */
#include <linux/delay.h>
#include <linux/i2c.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/wait.h>

static int nr = 1;
module_param(nr, int, 0444);
MODULE_PARM_DESC(nr, "number of the adapter: /dev/i2c-<nr>");
static ushort addr = 0x40;
module_param(addr, ushort, 0444);
MODULE_PARM_DESC(addr, "the chip's address");

static int bus_mv = 5000;
module_param(bus_mv, int, 0644);
MODULE_PARM_DESC(bus_mv, "bus voltage, mV");
static int current_ma = 500;
module_param(current_ma, int, 0644);
MODULE_PARM_DESC(current_ma, "current, mA");
static int wave_ma;
module_param(wave_ma, int, 0644);
MODULE_PARM_DESC(wave_ma, "added current in the first half of each wave, mA");
static uint wave_us = 10000;
module_param(wave_us, uint, 0644);
MODULE_PARM_DESC(wave_us, "period of the wave, us");
static int shunt_uohm = 100000;
module_param(shunt_uohm, int, 0644);
MODULE_PARM_DESC(shunt_uohm, "shunt, micro-ohm");

static int clock_khz = 100;
module_param(clock_khz, int, 0644);
MODULE_PARM_DESC(clock_khz, "bus clock, kHz; 0: transfers take no time");
static int slow_permille = 1000;
module_param(slow_permille, int, 0644);
MODULE_PARM_DESC(slow_permille, "conversion time, thousandths of the typical one");
static bool pi_rules = true;
module_param(pi_rules, bool, 0644);
MODULE_PARM_DESC(pi_rules, "as i2c-bcm2835: one read message in a transfer, and it is the last");

static int fail_next;
module_param(fail_next, int, 0644);
MODULE_PARM_DESC(fail_next, "so many transfers get no acknowledge");
static bool stuck;
module_param(stuck, bool, 0644);
MODULE_PARM_DESC(stuck, "every transfer times out");
static ulong transfers;
module_param(transfers, ulong, 0444);
MODULE_PARM_DESC(transfers, "transfers so far");

enum { REG_CONFIG, REG_SHUNT, REG_BUS, REG_POWER, REG_CURRENT, REG_CALIBRATION, REGISTERS };

#define CONFIG_RESET		0x8000
#define CONFIG_AT_POWER_ON	0x399f
#define CONFIG_32V		0x2000
#define BUS_READY		0x0002
#define BUS_OVERFLOW		0x0001
#define MODE_SHUNT		0x0001
#define MODE_BUS		0x0002
#define MODE_CONTINUOUS		0x0004

struct ina219 {
	u8 pointer;
	u16 reg[REGISTERS];
	bool ready;
	s64 begin_ns;		/* of the first conversion since CONFIG was written */
	s64 converted;		/* conversions that are in the registers */
};

static struct ina219 chip;
static DEFINE_MUTEX(chip_lock);

/* --- the load --- */

/* For how long of the first t ns the wave was on. */
static s64 wave_on_ns(s64 t)
{
	s64 period = max_t(s64, wave_us, 1) * 1000;
	s64 rest;
	s64 waves = div64_s64(t, period);

	rest = t - waves * period;
	return waves * (period / 2) + min(rest, period / 2);
}

static s64 mean_shunt_uv(s64 from_ns, s64 to_ns)
{
	s64 on = wave_on_ns(to_ns) - wave_on_ns(from_ns);
	s64 ua = (s64)current_ma * 1000 + div64_s64((s64)wave_ma * 1000 * on, to_ns - from_ns);

	return div_s64(ua * shunt_uohm, 1000000);
}

/* --- the chip --- */

static s64 adc_ns(u16 code)
{
	static const u32 one_us[] = { 84, 148, 276, 532 };
	static const u32 mean_us[] = { 532, 1060, 2130, 4260, 8510, 17020, 34050, 68100 };
	u32 us = code & 8 ? mean_us[code & 7] : one_us[code & 3];

	return (s64)us * slow_permille;
}

static s64 shunt_ns(u16 config)
{
	return config & MODE_SHUNT ? adc_ns((config >> 3) & 15) : 0;
}

static s64 bus_ns(u16 config)
{
	return config & MODE_BUS ? adc_ns((config >> 7) & 15) : 0;
}

/* 9 bits are coarser than 12: so many counts of the 12-bit ADC are one step. */
static int adc_step(u16 code)
{
	return code & 8 ? 1 : 8 >> (code & 3);
}

static void begin_conversions(void)
{
	chip.ready = false;
	chip.begin_ns = ktime_get_ns();
	chip.converted = 0;
}

static void power_on_reset(void)
{
	memset(&chip, 0, sizeof(chip));
	chip.reg[REG_CONFIG] = CONFIG_AT_POWER_ON;
	begin_conversions();
}

static void compute_power(void)
{
	s64 current_raw = div_s64((s64)(s16)chip.reg[REG_SHUNT] * chip.reg[REG_CALIBRATION], 4096);
	s64 power = div_s64(abs(current_raw) * (chip.reg[REG_BUS] >> 3), 5000);

	chip.reg[REG_CURRENT] = (u16)current_raw;
	chip.reg[REG_POWER] = (u16)power;
	chip.reg[REG_BUS] &= ~BUS_OVERFLOW;
	if (current_raw != (s16)current_raw || power > U16_MAX)
		chip.reg[REG_BUS] |= BUS_OVERFLOW;
}

static void convert(s64 begin_ns)
{
	u16 config = chip.reg[REG_CONFIG];
	int rail = 4000 << ((config >> 11) & 3);
	int step = adc_step(config >> 3);
	s64 counts;

	if (config & MODE_SHUNT) {
		counts = div_s64(mean_shunt_uv(begin_ns, begin_ns + shunt_ns(config)), 10);
		counts = div_s64(counts, step) * step;
		chip.reg[REG_SHUNT] = (u16)clamp_t(s64, counts, -rail, rail);
	}
	if (config & MODE_BUS) {
		step = adc_step(config >> 7);
		counts = clamp(bus_mv, 0, config & CONFIG_32V ? 32000 : 16000) / 4 / step * step;
		chip.reg[REG_BUS] = counts << 3;
	}
	compute_power();
	chip.ready = true;
}

/* Brings the registers to the newest conversion that has ended by now. */
static void catch_up(void)
{
	u16 config = chip.reg[REG_CONFIG];
	s64 cycle = shunt_ns(config) + bus_ns(config);
	s64 ended;

	if (!cycle)
		return;
	ended = div64_s64(ktime_get_ns() - chip.begin_ns, cycle);
	if (!(config & MODE_CONTINUOUS))
		ended = min_t(s64, ended, 1);
	if (ended <= chip.converted)
		return;
	chip.converted = ended;
	convert(chip.begin_ns + (ended - 1) * cycle);
}

static u16 read_register(void)
{
	u16 word;

	if (chip.pointer >= REGISTERS)
		return 0;
	catch_up();
	word = chip.reg[chip.pointer];
	if (chip.pointer == REG_BUS && chip.ready)
		word |= BUS_READY;
	if (chip.pointer == REG_POWER)
		chip.ready = false;
	return word;
}

static void write_register(u16 word)
{
	switch (chip.pointer) {
	case REG_CONFIG:
		if (word & CONFIG_RESET) {
			power_on_reset();
			return;
		}
		catch_up();
		chip.reg[REG_CONFIG] = word & 0x3fff;
		begin_conversions();
		return;
	case REG_CALIBRATION:
		chip.reg[REG_CALIBRATION] = word & 0xfffe;
		return;
	}
}

/* --- parameters that act --- */

static int brown_out_set(const char *value, const struct kernel_param *param)
{
	mutex_lock(&chip_lock);
	power_on_reset();
	mutex_unlock(&chip_lock);
	return 0;
}

static const struct kernel_param_ops brown_out_ops = { .set = brown_out_set };
module_param_cb(brown_out, &brown_out_ops, NULL, 0200);
MODULE_PARM_DESC(brown_out, "written: the chip loses its supply for a moment");

static bool hang;
static DECLARE_WAIT_QUEUE_HEAD(hang_queue);

static int hang_set(const char *value, const struct kernel_param *param)
{
	int error = param_set_bool(value, param);

	wake_up_all(&hang_queue);
	return error;
}

static const struct kernel_param_ops hang_ops = { .set = hang_set, .get = param_get_bool };
module_param_cb(hang, &hang_ops, &hang, 0644);
MODULE_PARM_DESC(hang, "transfers do not return until this is 0 or their process is killed");

/* --- the adapter --- */

static int refuse(const struct i2c_msg *messages, int count)
{
	int i;

	for (i = 0; pi_rules && i < count - 1; i++)
		if (messages[i].flags & I2C_M_RD)
			return -EOPNOTSUPP;
	for (i = 0; i < count; i++)
		if (messages[i].addr != addr || messages[i].flags & I2C_M_TEN)
			return -EREMOTEIO;
	return 0;
}

static void carry_out(struct i2c_msg *message)
{
	u16 word;
	int i;

	if (message->flags & I2C_M_RD) {
		word = read_register();
		for (i = 0; i < message->len; i++)
			message->buf[i] = i & 1 ? word & 0xff : word >> 8;
		return;
	}
	if (message->len > 0)
		chip.pointer = message->buf[0];
	if (message->len >= 3)
		write_register(message->buf[1] << 8 | message->buf[2]);
}

static void take_bus_time(const struct i2c_msg *message)
{
	unsigned int us;

	if (clock_khz <= 0)
		return;
	us = 9 * (message->len + 1) * 1000 / clock_khz;
	usleep_range(us, us + 10);
}

static int next_fault(void)
{
	if (wait_event_killable(hang_queue, !hang))
		return -EINTR;
	if (stuck)
		return -ETIMEDOUT;
	if (fail_next > 0) {
		fail_next--;
		return -EREMOTEIO;
	}
	return 0;
}

/* The core calls this for one transfer at a time; chip_lock keeps brown_out out. */
static int transfer(struct i2c_adapter *adapter, struct i2c_msg *messages, int count)
{
	int error = refuse(messages, count);
	int i;

	transfers++;
	if (!error)
		error = next_fault();
	if (error)
		return error;
	for (i = 0; i < count; i++) {
		take_bus_time(&messages[i]);
		mutex_lock(&chip_lock);
		carry_out(&messages[i]);
		mutex_unlock(&chip_lock);
	}
	return count;
}

static u32 functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm algorithm = {
	.master_xfer = transfer,
	.functionality = functionality,
};

static struct i2c_adapter adapter = {
	.owner = THIS_MODULE,
	.algo = &algorithm,
	.name = "TinyJoule's simulated INA219",
};

static int __init tinyjoule_ina219_init(void)
{
	power_on_reset();
	adapter.nr = nr;
	return i2c_add_numbered_adapter(&adapter);
}

static void __exit tinyjoule_ina219_exit(void)
{
	i2c_del_adapter(&adapter);
}

module_init(tinyjoule_ina219_init);
module_exit(tinyjoule_ina219_exit);
MODULE_DESCRIPTION("simulated I2C bus with an INA219");
MODULE_AUTHOR("The TinyJoule Authors");
MODULE_LICENSE("GPL");
