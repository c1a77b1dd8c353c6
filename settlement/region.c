#include "region.h"

#include <stddef.h>

#define ALWAYS REGION_DAY_FIRST, REGION_DAY_LAST
#define PROVINCE(code, zh, en)                           \
	{                                                \
		code, 0, REGION_PROVINCE, ALWAYS, zh, en \
	}
#define CITY(code, parent, zh, en)                        \
	{                                                 \
		code, parent, REGION_CITY, ALWAYS, zh, en \
	}
#define DISTRICT(code, parent, zh, en)                        \
	{                                                     \
		code, parent, REGION_DISTRICT, ALWAYS, zh, en \
	}

/* In order of code, then of day. Days: 9934 = 1997-03-14, Chongqing made a municipality under the State Council; 16924 =
 * 2016-05-03, Jianyang put under Chengdu. */
static const struct region regions[] = {
    {500000, 0, REGION_CITY, 9934, REGION_DAY_LAST, "重庆市", "Chongqing"},
    DISTRICT(500101, 500000, "万州区", "Wanzhou"),
    DISTRICT(500102, 500000, "涪陵区", "Fuling"),
    DISTRICT(500103, 500000, "渝中区", "Yuzhong"),
    DISTRICT(500104, 500000, "大渡口区", "Dadukou"),
    DISTRICT(500105, 500000, "江北区", "Jiangbei"),
    DISTRICT(500106, 500000, "沙坪坝区", "Shapingba"),
    DISTRICT(500107, 500000, "九龙坡区", "Jiulongpo"),
    DISTRICT(500108, 500000, "南岸区", "Nan'an"),
    DISTRICT(500109, 500000, "北碚区", "Beibei"),
    DISTRICT(500110, 500000, "綦江区", "Qijiang"),
    DISTRICT(500111, 500000, "大足区", "Dazu"),
    DISTRICT(500112, 500000, "渝北区", "Yubei"),
    DISTRICT(500113, 500000, "巴南区", "Banan"),
    DISTRICT(500114, 500000, "黔江区", "Qianjiang"),
    DISTRICT(500115, 500000, "长寿区", "Changshou"),
    DISTRICT(500116, 500000, "江津区", "Jiangjin"),
    DISTRICT(500117, 500000, "合川区", "Hechuan"),
    DISTRICT(500118, 500000, "永川区", "Yongchuan"),
    DISTRICT(500119, 500000, "南川区", "Nanchuan"),
    DISTRICT(500120, 500000, "璧山区", "Bishan"),
    DISTRICT(500151, 500000, "铜梁区", "Tongliang"),
    DISTRICT(500152, 500000, "潼南区", "Tongnan"),
    DISTRICT(500153, 500000, "荣昌区", "Rongchang"),
    DISTRICT(500154, 500000, "开州区", "Kaizhou"),
    DISTRICT(500155, 500000, "梁平区", "Liangping"),
    DISTRICT(500156, 500000, "武隆区", "Wulong"),
    DISTRICT(500229, 500000, "城口县", "Chengkou"),
    DISTRICT(500230, 500000, "丰都县", "Fengdu"),
    DISTRICT(500231, 500000, "垫江县", "Dianjiang"),
    DISTRICT(500233, 500000, "忠县", "Zhongxian"),
    DISTRICT(500235, 500000, "云阳县", "Yunyang"),
    DISTRICT(500236, 500000, "奉节县", "Fengjie"),
    DISTRICT(500237, 500000, "巫山县", "Wushan"),
    DISTRICT(500238, 500000, "巫溪县", "Wuxi"),
    DISTRICT(500240, 500000, "石柱土家族自治县", "Shizhu"),
    DISTRICT(500241, 500000, "秀山土家族苗族自治县", "Xiushan"),
    DISTRICT(500242, 500000, "酉阳土家族苗族自治县", "Youyang"),
    DISTRICT(500243, 500000, "彭水苗族土家族自治县", "Pengshui"),
    PROVINCE(510000, "四川省", "Sichuan"),
    CITY(510100, 510000, "成都市", "Chengdu"),
    DISTRICT(510104, 510100, "锦江区", "Jinjiang"),
    DISTRICT(510105, 510100, "青羊区", "Qingyang"),
    DISTRICT(510106, 510100, "金牛区", "Jinniu"),
    DISTRICT(510107, 510100, "武侯区", "Wuhou"),
    DISTRICT(510108, 510100, "成华区", "Chenghua"),
    DISTRICT(510112, 510100, "龙泉驿区", "Longquanyi"),
    DISTRICT(510113, 510100, "青白江区", "Qingbaijiang"),
    DISTRICT(510114, 510100, "新都区", "Xindu"),
    DISTRICT(510115, 510100, "温江区", "Wenjiang"),
    DISTRICT(510116, 510100, "双流区", "Shuangliu"),
    DISTRICT(510117, 510100, "郫都区", "Pidu"),
    DISTRICT(510118, 510100, "新津区", "Xinjin"),
    DISTRICT(510121, 510100, "金堂县", "Jintang"),
    DISTRICT(510129, 510100, "大邑县", "Dayi"),
    DISTRICT(510131, 510100, "蒲江县", "Pujiang"),
    DISTRICT(510181, 510100, "都江堰市", "Dujiangyan"),
    DISTRICT(510182, 510100, "彭州市", "Pengzhou"),
    DISTRICT(510183, 510100, "邛崃市", "Qionglai"),
    DISTRICT(510184, 510100, "崇州市", "Chongzhou"),
    {510185, 510100, REGION_DISTRICT, 16924, REGION_DAY_LAST, "简阳市", "Jianyang"},
    CITY(510300, 510000, "自贡市", "Zigong"),
    CITY(510400, 510000, "攀枝花市", "Panzhihua"),
    CITY(510500, 510000, "泸州市", "Luzhou"),
    CITY(510600, 510000, "德阳市", "Deyang"),
    CITY(510700, 510000, "绵阳市", "Mianyang"),
    CITY(510800, 510000, "广元市", "Guangyuan"),
    DISTRICT(510802, 510800, "利州区", "Lizhou"),
    DISTRICT(510811, 510800, "昭化区", "Zhaohua"),
    DISTRICT(510812, 510800, "朝天区", "Chaotian"),
    DISTRICT(510821, 510800, "旺苍县", "Wangcang"),
    DISTRICT(510822, 510800, "青川县", "Qingchuan"),
    DISTRICT(510823, 510800, "剑阁县", "Jiange"),
    DISTRICT(510824, 510800, "苍溪县", "Cangxi"),
    CITY(510900, 510000, "遂宁市", "Suining"),
    CITY(511000, 510000, "内江市", "Neijiang"),
    CITY(511100, 510000, "乐山市", "Leshan"),
    CITY(511300, 510000, "南充市", "Nanchong"),
    DISTRICT(511302, 511300, "顺庆区", "Shunqing"),
    DISTRICT(511303, 511300, "高坪区", "Gaoping"),
    DISTRICT(511304, 511300, "嘉陵区", "Jialing"),
    DISTRICT(511321, 511300, "南部县", "Nanbu"),
    DISTRICT(511322, 511300, "营山县", "Yingshan"),
    DISTRICT(511323, 511300, "蓬安县", "Peng'an"),
    DISTRICT(511324, 511300, "仪陇县", "Yilong"),
    DISTRICT(511325, 511300, "西充县", "Xichong"),
    DISTRICT(511381, 511300, "阆中市", "Langzhong"),
    CITY(511400, 510000, "眉山市", "Meishan"),
    CITY(511500, 510000, "宜宾市", "Yibin"),
    CITY(511600, 510000, "广安市", "Guang'an"),
    CITY(511700, 510000, "达州市", "Dazhou"),
    CITY(511800, 510000, "雅安市", "Ya'an"),
    CITY(511900, 510000, "巴中市", "Bazhong"),
    CITY(512000, 510000, "资阳市", "Ziyang"),
};

#define REGION_COUNT (sizeof(regions) / sizeof(regions[0]))

const struct region *region_table(size_t *count)
{
	*count = REGION_COUNT;
	return regions;
}

/* First row of a code, or where it would stand. */
static size_t region_lower_bound(uint32_t code)
{
	size_t low = 0, high = REGION_COUNT;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (regions[middle].code < code)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct region *region_find(uint32_t code, int32_t day)
{
	for (size_t i = region_lower_bound(code); i < REGION_COUNT && regions[i].code == code; i++)
		if (regions[i].from_day <= day && day <= regions[i].until_day)
			return &regions[i];
	return NULL;
}

uint32_t region_city(uint32_t code, int32_t day)
{
	const struct region *region = region_find(code, day);
	if (region && region->level == REGION_DISTRICT)
		region = region_find(region->parent, day);
	return region && region->level == REGION_CITY ? region->code : 0;
}

bool region_same_city(uint32_t a, uint32_t b, int32_t day)
{
	uint32_t city = region_city(a, day);
	return city != 0 && city == region_city(b, day);
}
